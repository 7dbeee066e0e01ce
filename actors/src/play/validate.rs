//! Holds values against their JSON Schema, and says field by field what does not fit.

mod effort;
mod formats;
mod linked;

use hero_sdk::{FieldError, Json};
use jsonschema::{Keyword, PatternOptions, ValidationError, ValidationOptions, error::ValidationErrorKind};
use serde_json::Value;

use self::{
    effort::{COUNTED, Effort},
    formats::{ENCODINGS, FORMATS, Format},
    linked::{Linked, linked},
};

/// More errors than this say nothing new.
const ERRORS_MAX: usize = 20;
/// A message quotes the value at fault; a large one is cut.
const MESSAGE_CHARS_MAX: usize = 300;
/// Of schema and value, by which the work of naming errors is limited.
const ERROR_BYTES_MAX: usize = 32 << 10;
/// Schemas above one another that are followed on the stack of whoever asks.
const LEVELS_HERE: usize = 30;
/// The stack for more: the most that [`linked`] lets through, for a value as deep as JSON is read.
const STACK_BYTES: usize = 256 << 20;
/// Memory of one regular expression, by which its time is limited as well: a byte of a text is held against each of its
/// states.
const PATTERN_BYTES_MAX: usize = 64 << 10;
/// Memory of all of them together.
const PATTERNS_BYTES_MAX: usize = 16 << 20;

/// The fields of `value` that do not fit `schema`; empty when it fits.
///
/// A schema comes from a flow, which is half trusted: no schema is fetched, one that may take the stack is refused (see
/// [`linked`]), regular expressions run in linear time, and a check that is too much work is given up (see [`effort`]). A
/// schema that is itself broken is one error at the root, and so is giving up.
pub(crate) fn check_against(schema: &Json, value: &Json) -> Vec<FieldError> {
    let parsed = schema.to::<Value>().and_then(|schema| Ok((schema, value.to::<Value>()?)));
    let (parsed, instance) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return vec![root(format!("it cannot be read: {error}"))],
    };
    let linked = match linked(&parsed) {
        Ok(linked) => linked,
        Err(what) => return vec![root(shorten(&format!("the declared schema {what}")))],
    };
    let bytes = schema.as_str().len() + value.as_str().len();
    let levels = linked.height * if linked.is_recursive { 1 + depth(&instance) } else { 1 };
    let check = || errors_of(&linked, &instance, bytes);
    if levels <= LEVELS_HERE {
        return check();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, check);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(errors)) => errors,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => vec![root(format!("it cannot be checked now: {error}"))],
        }
    })
}

fn errors_of(linked: &Linked, value: &Value, bytes: usize) -> Vec<FieldError> {
    let effort = Effort::default();
    let size_limit = PATTERN_BYTES_MAX.min(PATTERNS_BYTES_MAX / linked.patterns.max(1));
    let counting = effort.clone();
    let options =
        options(size_limit).with_keyword(COUNTED, move |_, weight, _| Ok(Box::new(counting.keyword(weight))));
    let validator = match options.build(&linked.schema) {
        Ok(validator) => validator,
        Err(error) => {
            let what = match error.kind() {
                ValidationErrorKind::Format { format } if format == "regex" => {
                    format!("{} is no regular expression of linear time and moderate size", error.instance())
                }
                _ => error.to_string(),
            };
            return vec![root(format!("the declared schema is not valid: {}", shorten(&what)))];
        }
    };
    match effort.within(bytes, || validator.is_valid(value)) {
        Some(true) => return Vec::new(),
        Some(false) => {}
        None => return vec![root("it takes too long to hold it against the declared schema".to_owned())],
    }
    // Each error takes memory, so these are not given as much. The first one is better than none.
    let bytes = bytes.min(ERROR_BYTES_MAX);
    let fields = |error: &ValidationError<'_>| fields_of(error);
    let every =
        || validator.iter_errors(value).flat_map(|error| fields(&error)).take(ERRORS_MAX).collect::<Vec<_>>();
    let first = || validator.validate(value).err().map(|error| fields(&error)).unwrap_or_default();
    let errors = effort.within(bytes, every).or_else(|| effort.within(bytes, first)).unwrap_or_default();
    if errors.is_empty() { vec![root("it does not fit the declared schema".to_owned())] } else { errors }
}

/// Formats are Python's, not those of the standard: a datetime without an offset is a value of Python's and no RFC 3339
/// date-time.
fn options(pattern_bytes_max: usize) -> ValidationOptions<'static> {
    let patterns = PatternOptions::regex().size_limit(pattern_bytes_max).dfa_size_limit(pattern_bytes_max);
    jsonschema::options()
        .with_pattern_options(patterns)
        .with_keyword("format", |_, value, _| Ok(Box::new(Text::of(FORMATS, value))))
        .with_keyword("contentEncoding", |_, value, _| Ok(Box::new(Text::of(ENCODINGS, value))))
}

/// Whether a value fits a schema as the validator alone has it; none where there is no telling.
#[cfg(feature = "fuzz")]
pub(crate) fn fits_without_bounds(schema: &Json, value: &Json) -> Option<bool> {
    let (schema, value) = (schema.to::<Value>().ok()?, value.to::<Value>().ok()?);
    options(PATTERN_BYTES_MAX).build(&schema).ok().map(|validator| validator.is_valid(&value))
}

/// How deep a value is nested.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
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

    #[test]
    fn what_takes_too_long_is_given_up() {
        let ladder = |keyword: &str, steps: usize, last: &str| {
            let step = |number: usize| {
                let next = format!(r##"{{"$ref":"#/$defs/d{}"}}"##, number + 1);
                format!(r#""d{number}":{{"{keyword}":[{next},{next}]}}"#)
            };
            let defs: Vec<String> = (0..steps).map(step).collect();
            format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d{steps}":{last}}}}}"##, defs.join(","))
        };
        let said = ": it takes too long to hold it against the declared schema";
        assert_eq!(check(&ladder("anyOf", 40, r#"{"type":"string"}"#), "1"), [said]);
        assert_eq!(check(&ladder("allOf", 40, "true"), "1"), [said]);
        // The verdict is remembered for each value, its reasons are not.
        let lists = r##"{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/a"}},
            {"items":{"$ref":"#/$defs/a"},"type":"array"},{"type":"string"}]}}}"##;
        let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(check(lists, &nested).len(), 1);
        let many: Vec<String> = (0..5_000).map(|number| format!("{{\"a\":{number}}}")).collect();
        let each_against_each = format!(r#"{{"items":{{"enum":[{}]}}}}"#, many.join(","));
        assert_eq!(check(&each_against_each, &format!("[{}]", many.join(","))), [said]);
    }

    #[test]
    fn what_is_large_is_checked_all_the_same() {
        let numbers = |wrong: &str| format!("[{}{wrong}]", "12345,".repeat(100_000));
        let schema =
            r#"{"items":{"anyOf":[{"type":"null"},{"type":"boolean"},{"type":"integer","minimum":0}]}}"#;
        assert!(check(schema, &numbers("1")).is_empty());
        let errors = check(schema, &numbers("\"x\""));
        assert!(errors.len() == 1 && errors[0].starts_with("/100000: "), "{errors:?}");
        let texts = format!("[{}\"a\"]", "\"abc123\",".repeat(50_000));
        assert!(check(r#"{"items":{"pattern":"^[a-z0-9]{1,63}$"}}"#, &texts).is_empty());
    }

    #[test]
    fn no_schema_takes_the_stack() {
        let chain = |links: usize| {
            let link = |number: usize| {
                format!(r##""d{number}":{{"allOf":[{{"$ref":"#/$defs/d{}"}}]}}"##, number + 1)
            };
            let defs: Vec<String> = (0..links).map(link).collect();
            format!(
                r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d{links}":{{"items":{{"$ref":"#"}}}}}}}}"##,
                defs.join(",")
            )
        };
        // As a thread of the runtime has it.
        let checked = |schema: String, value: String| {
            let small = std::thread::Builder::new().stack_size(1 << 20);
            small.spawn(move || check(&schema, &value)).unwrap().join().unwrap()
        };
        let nested = format!("{}{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(checked(chain(40), nested.clone()), [""; 0]);
        let errors = checked(chain(8_000), nested);
        assert_eq!(errors, [": the declared schema has more than 100 schemas above one another"]);
    }

    #[test]
    fn patterns_are_of_moderate_size() {
        let errors = check(r#"{"pattern":"^((a{1,100}){1,10})+b"}"#, "\"a\"");
        assert!(errors[0].contains("moderate size"), "{errors:?}");
        let patterns: Vec<String> =
            (0..2_000).map(|number| format!(r#"{{"pattern":"^\\p{{L}}{number}$"}}"#)).collect();
        let errors = check(&format!(r#"{{"allOf":[{}]}}"#, patterns.join(",")), "1");
        assert!(errors.len() == 1 && errors[0].contains("moderate size"), "{errors:?}");
        for pattern in [
            r"^[\\w.+-]+@[\\w-]+\\.[\\w.]+$",
            r"^[a-z0-9]{1,63}(\\.[a-z0-9]{1,63}){0,4}$",
            r"^\\d{4}-\\d{2}$",
        ] {
            assert!(check(&format!(r#"{{"pattern":"{pattern}"}}"#), "1").is_empty(), "{pattern}");
        }
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
