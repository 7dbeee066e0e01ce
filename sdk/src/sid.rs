//! Identifiers: a prefix that says what it names, and a ULID, so that ids sort by the time of their making.
//!
//! An id is parsed once at the edge; a parsed one is safe as a part of a path or a key.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use ulid::{Generator, Ulid};

use crate::error::{Error, ErrorCode};

/// Characters of a ULID in Crockford base 32.
const ULID_CHARS: usize = 26;

macro_rules! sid {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of every id of this kind.
            pub const PREFIX: &str = $prefix;

            /// A new id; it sorts after all that this process has made, and after earlier ones of others, to the
            /// millisecond.
            #[expect(clippy::new_without_default, reason = "each call gives another id, which `default` would hide")]
            pub fn new() -> Self {
                Self(format!("{}{}", $prefix, next().to_string().to_lowercase()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                check(text, $prefix).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                check(&text, $prefix).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(sid: $name) -> String {
                sid.0
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "format": "sid",
                    "description": concat!("An id: `", $prefix, "` and a ULID in lower case."),
                    "pattern": concat!("^", $prefix, "[0-9a-z]{26}$"),
                    "examples": [concat!($prefix, "01kar9v3zv5w8x2b7c6d4e0f1g")],
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

sid!(
    /// Names a play: `play_` and a ULID.
    PlaySid,
    "play_"
);
sid!(
    /// Names a workflow: `wf_` and a ULID.
    WorkflowSid,
    "wf_"
);
sid!(
    /// Names a version of a workflow, or an anonymous one: `ver_` and a ULID.
    VersionSid,
    "ver_"
);
sid!(
    /// Names an open question of a play: `ask_` and a ULID.
    ResumeId,
    "ask_"
);
sid!(
    /// Names a benchmark: `bench_` and a ULID.
    BenchmarkSid,
    "bench_"
);

/// The next ULID, greater than all before it, whatever the clock does.
fn next() -> Ulid {
    static GENERATOR: Mutex<Generator> = Mutex::new(Generator::new());
    let mut generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    generator.generate().unwrap_or_else(|full| full.commit_overflow_increment())
}

fn check(text: &str, prefix: &str) -> Result<(), Error> {
    let is_ulid_char = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    match text.strip_prefix(prefix) {
        Some(rest) if rest.len() == ULID_CHARS && rest.bytes().all(is_ulid_char) => Ok(()),
        _ => Err(Error::new(
            ErrorCode::InvalidParams,
            format!("{:?} is not an id of the form {prefix}…", shorten(text)),
        )
        .hint(format!("an id is {prefix:?} and {ULID_CHARS} lower-case letters and digits"))),
    }
}

/// An id is at most 31 bytes; a hostile one of 10 kB is not echoed in full.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_differ() {
        let first = PlaySid::new();
        let second = PlaySid::new();
        assert_ne!(first, second);
        assert_eq!(first.as_str().parse::<PlaySid>().unwrap(), first);
    }

    #[test]
    fn ids_sort_as_they_were_made() {
        let made: Vec<PlaySid> = (0..10_000).map(|_| PlaySid::new()).collect();
        assert!(made.is_sorted_by(|one, next| one < next), "many are of the same millisecond");
    }

    #[test]
    fn hostile_ids_are_refused() {
        let long = "x".repeat(10_000);
        for text in
            ["", "play_", "../../x", "%2e%2e", "play_\0", "wf_01arz3ndektsv4rrffq69g5fav", long.as_str()]
        {
            let error = text.parse::<PlaySid>().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidParams, "{text:.40}");
            assert!(error.message.len() < 200);
        }
        let upper = PlaySid::new().as_str().to_uppercase();
        assert!(upper.parse::<PlaySid>().is_err());
    }
}
