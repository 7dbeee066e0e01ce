//! Links that answer questions. A token is the question's id with the home's mark on it, so none is stored, and nobody
//! makes one who has not the home's key.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hero_sdk::{Error, ErrorCode, ResumeId, model::ResumeRequest};

use crate::{
    play::Environment,
    seal::{MARK_BYTES, Seal},
};

/// What the mark is for.
const PURPOSE: &str = "link";
/// Characters of an id behind its prefix.
const ID_CHARS: usize = 26;

/// Where links lead, once somebody serves them.
#[derive(Debug, Default)]
pub(super) struct Links(OnceLock<String>);

impl Links {
    /// Links begin so from now on.
    pub(super) fn begin_with(&self, url: &str) {
        self.0.get_or_init(|| url.trim_end_matches('/').to_owned());
    }

    /// Gives a question the link that answers it.
    pub(super) fn add(&self, resume: &mut ResumeRequest, seal: &Seal) -> Result<(), Error> {
        if let Some(begin) = self.0.get() {
            resume.url = Some(format!("{begin}/r/{}", token(&resume.resume_id, seal)?));
        }
        Ok(())
    }
}

pub(crate) fn token(resume_id: &ResumeId, seal: &Seal) -> Result<String, Error> {
    let id = resume_id.as_str().trim_start_matches(ResumeId::PREFIX);
    Ok(format!("{id}{}", URL_SAFE_NO_PAD.encode(seal.mark(PURPOSE, id)?)))
}

/// The question of a token. Whatever is wrong with one that is none, the answer is the same, and takes as long.
pub(super) fn question(token: &str, environment: &Environment) -> Result<ResumeRequest, Error> {
    let known = named(token, &environment.seal)?;
    let known = known.map(|resume_id| environment.tables.resume(&resume_id)).transpose()?.flatten();
    known.ok_or_else(|| {
        Error::new(ErrorCode::NotFound, "this link leads nowhere")
            .hint("copy the whole link; links of another home, or of before its key was removed, are void")
    })
}

/// The question that a token of this home names.
pub(crate) fn named(token: &str, seal: &Seal) -> Result<Option<ResumeId>, Error> {
    let (id, mark) = token.split_at_checked(ID_CHARS).unwrap_or_default();
    let mark = URL_SAFE_NO_PAD.decode(mark).unwrap_or_default();
    let is_ours = seal.is_marked(PURPOSE, id, &mark)? && mark.len() == MARK_BYTES;
    Ok(format!("{}{id}", ResumeId::PREFIX).parse().ok().filter(|_| is_ours))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_token_is_its_own_and_of_256_bits() {
        let home = tempfile::tempdir().unwrap();
        let seal = Seal::new(home.path().join("etc/seal.key"));
        let ids: Vec<ResumeId> = (0..50).map(|_| ResumeId::new()).collect();
        let tokens: BTreeSet<String> = ids.iter().map(|id| token(id, &seal).unwrap()).collect();
        assert_eq!(tokens.len(), ids.len());
        for one in &tokens {
            assert_eq!(one.len(), ID_CHARS + (MARK_BYTES * 8).div_ceil(6));
            assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{one}");
        }
        // The key of the home, and nothing else, makes it.
        let again = Seal::new(home.path().join("etc/seal.key"));
        assert_eq!(token(&ids[0], &again).unwrap(), token(&ids[0], &seal).unwrap());
        let other = Seal::new(home.path().join("etc/other.key"));
        assert_ne!(token(&ids[0], &other).unwrap(), token(&ids[0], &seal).unwrap());
    }
}
