//! Pages of lists, and the cursors between them. A cursor says behind what the next page begins, so it stays right
//! whatever comes and goes meanwhile.

use hero_sdk::{Error, ErrorCode, logic::Cursor};

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
        let limit = limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            let message = format!("limit is {limit}, and must be 1 to {LIMIT_MAX}");
            return Err(Error::new(ErrorCode::InvalidParams, message));
        }
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

fn foreign(text: &str) -> Error {
    let text: String = text.chars().take(80).collect();
    Error::new(ErrorCode::InvalidParams, format!("{text:?} is no cursor of this list"))
        .hint("a cursor is `next_cursor` of the page before, of the same list and the same store")
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
