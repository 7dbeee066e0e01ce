//! Pages of lists, and the cursors between them. A cursor says behind what the next page begins, so it stays right
//! whatever comes and goes meanwhile.

use hero_sdk::{Error, ErrorCode, FieldError, logic::Cursor};

use crate::seal::Seal;

/// Entries of a page unless told, and at most.
const LIMIT: u32 = 50;
/// See [`LIMIT`].
const LIMIT_MAX: u32 = 1_000;
/// Bytes of the mark in a cursor, which keeps out what is mistyped or comes from another store.
const MARK_BYTES: usize = 8;

/// Which page is wanted, of the list of this name.
pub(crate) struct Paging<'a> {
    list: &'static str,
    seal: &'a Seal,
    /// Entries, at most.
    pub(crate) limit: usize,
    /// The key of the last entry of the page before.
    pub(crate) after: Option<String>,
}

impl<'a> Paging<'a> {
    /// `invalid_params` where the cursor is not one of this list in this home.
    pub(crate) fn of(
        list: &'static str,
        limit: Option<u32>,
        cursor: Option<&Cursor>,
        seal: &'a Seal,
    ) -> Result<Self, Error> {
        let limit = checked_limit(limit.unwrap_or(LIMIT))?;
        let after = match cursor {
            None => None,
            Some(Cursor(text)) => {
                let (key, mark) = text.rsplit_once('.').ok_or_else(|| foreign(text))?;
                let is_ours = unhex(mark).is_some_and(|mark| {
                    mark.len() == MARK_BYTES && seal.is_marked(list, key, &mark).unwrap_or(false)
                });
                Some(is_ours.then(|| key.to_owned()).ok_or_else(|| foreign(text))?)
            }
        };
        Ok(Self { list, seal, limit: limit as usize, after })
    }

    /// Cuts what was read for it, one more than its limit where there are so many, and says where the next one begins.
    pub(crate) fn cut<T>(
        &self,
        mut read: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<Cursor>), Error> {
        let has_more = read.len() > self.limit;
        read.truncate(self.limit);
        let last = read.last().filter(|_| has_more).map(key);
        let cursor = last.map(|last| self.cursor(&last)).transpose()?;
        Ok((read, cursor))
    }

    pub(crate) fn cursor(&self, key: &str) -> Result<Cursor, Error> {
        let mark = self.seal.mark(self.list, key)?;
        let mark: String = mark.iter().take(MARK_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Ok(Cursor(format!("{key}.{mark}")))
    }
}

/// A number of entries that may be asked for.
pub(super) fn checked_limit(limit: u32) -> Result<u32, Error> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("limit is {limit}, and must be 1 to {LIMIT_MAX}");
    Err(wrong("limit", message).hint("what does not fit comes with the next page"))
}

/// A parameter that cannot be.
pub(super) fn wrong(parameter: &str, message: String) -> Error {
    let field = FieldError { pointer: format!("/{parameter}"), message: message.clone() };
    Error::new(ErrorCode::InvalidParams, message).fields(vec![field])
}

fn foreign(text: &str) -> Error {
    let text: String = text.chars().take(80).collect();
    wrong("cursor", format!("{text:?} is no cursor of this list"))
        .hint("a cursor is `next_cursor` of the page before, of the same list and the same store")
}

/// Only of the digits that a mark is written with: a number would also be read with a sign, or from capitals.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !text.bytes().all(is_digit) {
        return None;
    }
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_taken_as_it_was_given_out_only() {
        let home = tempfile::tempdir().unwrap();
        let seal = Seal::new(home.path().join("var/key"));
        let of = |list, text: &str| Paging::of(list, None, Some(&Cursor(text.to_owned())), &seal);
        let first = Paging::of("plays", None, None, &seal).unwrap();
        // Some key has a mark with both.
        let given = (0..1000).map(|key| first.cursor(&key.to_string()).unwrap().0);
        let is_rich = |text: &String| {
            let mark = text.rsplit_once('.').unwrap().1;
            mark.starts_with('0') && mark.contains('a')
        };
        let given = given.into_iter().find(is_rich).unwrap();
        let (key, mark) = given.rsplit_once('.').unwrap();
        assert_eq!(of("plays", &given).unwrap().after.as_deref(), Some(key));
        for forged in [
            format!("{key}.+{}", &mark[1..]),
            format!("{key}.{}", mark.replace('a', "A")),
            format!("{key}.{}", &mark[..14]),
            format!("{key}.{mark}00"),
            format!("{key}.{mark}0"),
            format!("{key}0.{mark}"),
            format!("{key}."),
            key.to_owned(),
            String::new(),
        ] {
            assert_eq!(of("plays", &forged).err().unwrap().code, ErrorCode::InvalidParams, "{forged}");
        }
        assert!(of("resumes", &given).is_err());
    }
}
