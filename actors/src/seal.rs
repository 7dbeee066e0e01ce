//! The mark of a home on what it hands out and gets back: cursors, and links that answer questions. Nobody who has not
//! the home's key can make one.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use hero_sdk::{Error, ErrorCode};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::private::{self, RANDOM_BYTES};

/// Bytes of a whole mark: 256 bits.
pub(crate) const MARK_BYTES: usize = 32;

/// The key of a home, read when it is first needed.
pub(crate) struct Seal {
    file: PathBuf,
    key: Mutex<Option<[u8; RANDOM_BYTES]>>,
}

impl Seal {
    /// Over this file, which need not be there.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, key: Mutex::default() }
    }

    /// The mark on a text that is for this purpose.
    pub(crate) fn mark(&self, purpose: &str, text: &str) -> Result<[u8; MARK_BYTES], Error> {
        Ok(self.code(purpose, text)?.finalize().into_bytes().into())
    }

    /// Whether that is the mark on this text, or its beginning. It takes as long whatever it is.
    pub(crate) fn is_marked(&self, purpose: &str, text: &str, mark: &[u8]) -> Result<bool, Error> {
        Ok(self.code(purpose, text)?.verify_truncated_left(mark).is_ok())
    }

    fn code(&self, purpose: &str, text: &str) -> Result<Hmac<Sha256>, Error> {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key()?)
            .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
        code.update(purpose.as_bytes());
        code.update(&[0]);
        code.update(text.as_bytes());
        Ok(code)
    }

    fn key(&self) -> Result<[u8; RANDOM_BYTES], Error> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = *known {
            return Ok(key);
        }
        let remedy = "remove it; links and cursors that were given out are void then";
        let key = private::random(&self.file, remedy)?;
        *known = Some(key);
        Ok(key)
    }
}
