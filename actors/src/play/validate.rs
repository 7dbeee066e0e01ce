//! Holds values against their JSON Schema, and says field by field what does not fit.

mod formats;
mod work;

use hero_sdk::{FieldError, Json};
use jsonschema::{Keyword, PatternOptions, ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use self::formats::{ENCODINGS, FORMATS, Format};

/// More errors than this say nothing new.
const ERRORS_MAX: usize = 20;
/// Bytes of a compiled regular expression. A byte of a text is held against each of its states, of which there are some
/// hundreds then.
const PATTERN_BYTES_MAX: usize = 1 << 16;
/// A message quotes the value at fault; a large one is cut.
const MESSAGE_CHARS_MAX: usize = 300;
/// The names of members, which are in it, come from whoever answers.
const POINTER_CHARS_MAX: usize = 1_000;

/// The fields of `value` that do not fit `schema`; empty when it fits.
///
/// The regular expressions of a schema run in linear time, no schema is fetched, and what would take more than some
/// seconds is not begun: schemas come from flows, which are half trusted. A schema that is itself broken is one error at
/// the root.
pub(crate) fn check_against(schema: &Json, value: &Json) -> Vec<FieldError> {
    let parsed = schema.to::<Value>().and_then(|schema| Ok((schema, value.to::<Value>()?)));
    let (schema, value) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return vec![root(format!("it cannot be read: {error}"))],
    };
    if let Some(why) = work::too_much(&schema, &value) {
        return vec![root(format!("the declared schema {why}"))];
    }
    // Formats are Python's, not those of the standard: a datetime without an offset is a value of Python's and no RFC
    // 3339 date-time.
    let options = jsonschema::options()
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
        .with_keyword("format", |_, value, _| Ok(Box::new(Text::of(FORMATS, value))))
        .with_keyword("contentEncoding", |_, value, _| Ok(Box::new(Text::of(ENCODINGS, value))));
    let validator = match options.build(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            let what = match error.kind() {
                ValidationErrorKind::Format { format } if format == "regex" => {
                    format!("{} is no regular expression of linear time and moderate size", error.instance())
                }
                _ => error.to_string(),
            };
            let what = shorten(&what, MESSAGE_CHARS_MAX);
            return vec![root(format!("the declared schema is not valid: {what}"))];
        }
    };
    let fields = validator.iter_errors(&value).flat_map(|error| fields_of(&error)).take(ERRORS_MAX);
    fields
        .map(|FieldError { pointer, message }| FieldError {
            pointer: shorten(&pointer, POINTER_CHARS_MAX),
            message: shorten(&message, MESSAGE_CHARS_MAX),
        })
        .collect()
}

/// What a text must be; with a format that is not known, anything.
struct Text(Option<&'static Format>);

impl Text {
    fn of(known: &'static [Format], name: &Value) -> Self {
        Self(known.iter().find(|format| name.as_str() == Some(format.name)))
    }
}

impl<'i> Keyword<'i> for Text {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        match (self.0, instance.as_str()) {
            (Some(format), Some(text)) if !(format.holds)(text) => {
                Err(ValidationError::custom(format!("{instance} is not {}", format.what)))
            }
            _ => Ok(()),
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.validate(instance).is_ok()
    }
}

/// An error as the fields that it is about: what is missing or unknown is named itself, not what should hold it.
fn fields_of(error: &ValidationError<'_>) -> Vec<FieldError> {
    let place = error.instance_path().to_string();
    let beneath = |name: &str, message: String| FieldError {
        pointer: format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")),
        message,
    };
    match error.kind() {
        ValidationErrorKind::Required { property: Value::String(name) } => {
            vec![beneath(name, error.to_string())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| beneath(name, format!("{name:?} is not a known property"))).collect()
        }
        _ => vec![FieldError { message: error.to_string(), pointer: place }],
    }
}

fn root(message: String) -> FieldError {
    FieldError { pointer: String::new(), message }
}

fn shorten(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars_max).collect();
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
        for large in [r#"{"pattern":"(\\w{1000}){1000}"}"#, r#"{"pattern":"^((a{1,100}){1,10})+b"}"#] {
            let said = check(large, "\"x\"").concat();
            assert!(said.contains("moderate size"), "{said}");
        }
        for usual in [r"^[\\w.+-]+@[\\w-]+\\.[\\w.]+$", r"^[a-z0-9]{1,63}(\\.[a-z0-9]{1,63}){0,4}$"] {
            assert!(check(&format!(r#"{{"pattern":"{usual}"}}"#), "1").is_empty(), "{usual}");
        }
        assert!(check("true", "[1]").is_empty());
    }

    /// At the edge of what is done, on the smallest stack that a thread has here.
    #[test]
    fn the_deepest_schema_that_is_taken_fits_a_stack() {
        let within = |keyword: &str| {
            let mut parts = serde_json::Map::new();
            for number in 0..490 {
                let next = serde_json::json!({ "$ref": format!("#/$defs/{}", number + 1) });
                let many = serde_json::json!([next]);
                parts.insert(number.to_string(), serde_json::json!({ keyword: many }));
            }
            parts.insert("490".to_owned(), serde_json::json!({ "type": "string" }));
            serde_json::json!({ "$ref": "#/$defs/0", "$defs": parts }).to_string()
        };
        let mut round: Value = serde_json::from_str(&within("anyOf").replace("490", "4")).unwrap();
        let parts = round.pointer_mut("/$defs").unwrap().as_object_mut().unwrap();
        parts.insert("4".to_owned(), serde_json::json!({ "items": { "$ref": "#/$defs/0" }, "maxItems": 1 }));
        let nested = (0..60).fold("[1, 2]".to_owned(), |text, _| format!("[{text}]"));
        let checked = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            for keyword in ["allOf", "anyOf", "oneOf"] {
                let said = check(&within(keyword), "1");
                assert!(said.len() == 1 && !said.concat().contains("too deep"), "{said:?}");
            }
            let said = check(&round.to_string(), &nested).concat();
            assert!(!said.is_empty() && !said.contains("too deep") && !said.contains("work"), "{said}");
        });
        checked.unwrap().join().unwrap();
    }

    /// The texts that Python's conversions take and refuse, by keyword and its value. Its tests read them as well.
    #[test]
    fn formats_are_those_that_python_converts() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/python/tests/formats.json");
        let vectors: Vec<Vector> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for Vector { keyword, value, accepted, refused } in vectors {
            let schema = format!(r#"{{"type":"string","{keyword}":"{value}"}}"#);
            let fits = |text: &String| check(&schema, &Value::from(text.as_str()).to_string()).is_empty();
            for text in accepted {
                assert!(fits(&text), "{value}: {text:?} is taken by Python");
            }
            for text in refused {
                assert!(!fits(&text), "{value}: {text:?} is refused by Python");
            }
        }
    }

    #[test]
    fn a_text_of_another_format_is_named() {
        let schema = r#"{"properties":{"when":{"anyOf":[{"type":"null"},{"type":"string","format":"date-time"}]},
            "key":{"contentEncoding":"base64"},"mail":{"format":"email"},"page":{"format":"uri"},
            "price":{"type":["string","number"],"format":"decimal"}}}"#;
        let fits = r#"{"when":null,"key":"","mail":"nobody","page":"no page","price":1.5}"#;
        assert!(check(schema, fits).is_empty());
        assert_eq!(
            check(schema, r#"{"key":"no","price":"much"}"#),
            ["/key: \"no\" is not base64", "/price: \"much\" is not a decimal number",]
        );
        assert_eq!(check(schema, r#"{"when":"yesterday"}"#).len(), 1);
        let when = r#"{"properties":{"when":{"type":"string","format":"date-time"}}}"#;
        let said = check(when, r#"{"when":"yesterday"}"#);
        assert_eq!(said, ["/when: \"yesterday\" is not a date and time such as 2026-01-31T09:30:00Z"]);
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        keyword: String,
        value: String,
        accepted: Vec<String>,
        refused: Vec<String>,
    }
}
