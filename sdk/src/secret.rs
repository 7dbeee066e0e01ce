//! Secrets by name: what they may be called, and a value that no message, log or panic shows by accident.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Timestamp};

/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Characters of a value, white space and its escapes not counted: what is shorter stands everywhere in ordinary text,
/// and hiding it would hide that text.
pub const VALUE_CHARS_MIN: usize = 4;
/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 64 << 10;
/// A variable of the runtime's environment whose name is this and a secret's name stands in for the secret.
pub const VARIABLE_PREFIX: &str = "HERO_SECRET_";

/// The name of a secret: upper-case letters, digits and `_`, no digit first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[A-Z_][A-Z0-9_]{0,99}$"))]
pub struct SecretName(String);

impl SecretName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The variable of the runtime's environment that stands in for the secret.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.0)
    }
}

impl FromStr for SecretName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for SecretName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = text.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        if begins_well && text.len() <= NAME_CHARS_MAX && text.bytes().all(fits) {
            return Ok(Self(text));
        }
        // Not the text itself: somebody may have typed a value in the place of a name.
        let hint = format!(
            "a name is 1 to {NAME_CHARS_MAX} upper-case letters, digits and `_`, no digit first: API_KEY"
        );
        Err(Error::new(ErrorCode::InvalidParams, "this is no name of a secret").hint(hint))
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The value of a secret. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    description = "The value of a secret: at least 4 characters, white space not counted, and at most 65,536 bytes."
)]
pub struct SecretValue(String);

impl SecretValue {
    /// The value itself, for whoever passes it on or looks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretValue {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        if characters(&text) < VALUE_CHARS_MIN {
            let message = format!(
                "the value of a secret has at least {VALUE_CHARS_MIN} characters, white space not counted"
            );
            let hint = "a shorter one stands in ordinary text, all of which would have to be hidden";
            return Err(Error::new(ErrorCode::InvalidParams, message).hint(hint));
        }
        if text.len() > VALUE_BYTES_MAX {
            let message = format!("the value of a secret has at most {VALUE_BYTES_MAX} bytes");
            return Err(Error::new(ErrorCode::InvalidParams, message).hint("keep the key to it instead"));
        }
        Ok(Self(text))
    }
}

impl From<SecretValue> for String {
    fn from(value: SecretValue) -> Self {
        value.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// How many characters of a text are neither white space nor belong to an escape of it, such as `\n`.
fn characters(text: &str) -> usize {
    let mut is_escaped = false;
    let counts = |character: &char| {
        let was_escaped = std::mem::replace(&mut is_escaped, *character == '\\');
        !(is_escaped || character.is_whitespace() || was_escaped && matches!(character, 'n' | 'r' | 't'))
    };
    text.chars().filter(counts).count()
}

/// Where the value of a secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The file beneath the home.
    File,
    /// A variable of the runtime's environment, which goes before the file.
    Environment,
}

/// A secret as it is listed: never with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Secret {
    /// By which flows declare it.
    pub name: SecretName,
    /// Where its value comes from.
    pub source: SecretSource,
    /// When it was set; none for one of the environment.
    pub set_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_variables() {
        let longest = "A".repeat(NAME_CHARS_MAX);
        for name in ["A", "_", "API_KEY", "KEY_2", &longest] {
            assert_eq!(name.parse::<SecretName>().unwrap().as_str(), name);
        }
        for name in
            ["", "2KEY", "api_key", "API-KEY", "API KEY", "API_KEY=x", "É", "A\0", &format!("{longest}A")]
        {
            let error = name.parse::<SecretName>().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidParams, "{name:?}");
            assert!(name.is_empty() || !error.message.contains(name), "it may be a value: {error}");
        }
    }

    #[test]
    fn a_value_is_neither_tiny_nor_huge_and_is_never_shown() {
        let value = |text: &str| SecretValue::try_from(text.to_owned());
        for text in ["", "abc", " abc \n", "a\nb\nc", "\\n\\n\\nabc", "äöü", &"x".repeat(VALUE_BYTES_MAX + 1)]
        {
            assert_eq!(value(text).unwrap_err().code, ErrorCode::InvalidParams);
        }
        let kept = value("äöü!").unwrap();
        assert_eq!((kept.expose(), format!("{kept:?}")), ("äöü!", "[secret]".to_owned()));
        assert!(value(&"x".repeat(VALUE_BYTES_MAX)).is_ok());
    }
}
