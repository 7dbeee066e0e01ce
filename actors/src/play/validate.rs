//! Holds values against their JSON Schema, and says field by field what does not fit.

use hero_sdk::{FieldError, Json};
use jsonschema::{PatternOptions, ValidationError, error::ValidationErrorKind};

/// More errors than this say nothing new.
const ERRORS_MAX: usize = 20;
/// A message quotes the value at fault; a large one is cut.
const MESSAGE_CHARS_MAX: usize = 300;

/// The fields of `value` that do not fit `schema`; empty when it fits.
///
/// The regular expressions of a schema run in linear time, and no schema is fetched: schemas come from flows, which
/// are half trusted. A schema that is itself broken is one error at the root.
pub(crate) fn check_against(schema: &Json, value: &Json) -> Vec<FieldError> {
    let parsed =
        schema.to::<serde_json::Value>().and_then(|schema| Ok((schema, value.to::<serde_json::Value>()?)));
    let (schema, value) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return vec![root(format!("it cannot be read: {error}"))],
    };
    // `format` is not asserted: a datetime without an offset is a value of Python's and no RFC 3339 date-time. Python
    // converts what has a format, and refuses what it cannot convert.
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    let validator = match options.build(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            return vec![root(format!("the declared schema is not valid: {}", shorten(&error.to_string())))];
        }
    };
    validator.iter_errors(&value).flat_map(|error| fields_of(&error)).take(ERRORS_MAX).collect()
}

/// An error as the fields that it is about: what is missing or unknown is named itself, not what should hold it.
fn fields_of(error: &ValidationError<'_>) -> Vec<FieldError> {
    let place = error.instance_path().to_string();
    let beneath = |name: &str, message: String| FieldError {
        pointer: format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")),
        message,
    };
    match error.kind() {
        ValidationErrorKind::Required { property: serde_json::Value::String(name) } => {
            vec![beneath(name, error.to_string())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| beneath(name, format!("{name:?} is not a known property"))).collect()
        }
        _ => vec![FieldError { message: shorten(&error.to_string()), pointer: place }],
    }
}

fn root(message: String) -> FieldError {
    FieldError { pointer: String::new(), message }
}

fn shorten(message: &str) -> String {
    if message.chars().count() <= MESSAGE_CHARS_MAX {
        return message.to_owned();
    }
    let mut short: String = message.chars().take(MESSAGE_CHARS_MAX).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, value: &str) -> Vec<String> {
        let errors = check_against(&Json::parse(schema).unwrap(), &Json::parse(value).unwrap());
        errors.into_iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect()
    }

    #[test]
    fn errors_name_each_field_by_pointer() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"items":{"type":"string"}},"c":{}},
            "required":["c"],"additionalProperties":false}"#;
        let errors = check(schema, r#"{"a":"x","b":["s",1],"z":0}"#).join("\n");
        for part in [
            "/a: \"x\" is not of type \"integer\"",
            "/b/1: 1 is not of type \"string\"",
            "/c: \"c\" is a required property",
            "/z: \"z\" is not a known property",
        ] {
            assert!(errors.contains(part), "{part} in {errors}");
        }
        assert!(check(schema, r#"{"c":null}"#).is_empty());
    }

    #[test]
    fn hostile_schemas_do_no_harm() {
        let slow = r#"{"pattern":"^(a+)+$"}"#;
        assert_eq!(check(slow, &format!("\"{}b\"", "a".repeat(50_000))).len(), 1);
        assert_eq!(check(r#"{"pattern":"(?=x)"}"#, "\"x\"").len(), 1);
        assert_eq!(check(r#"{"$ref":"http://localhost/x"}"#, "1").len(), 1);
        assert!(check("true", "[1]").is_empty());
    }
}
