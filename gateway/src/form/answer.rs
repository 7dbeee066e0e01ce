//! What was typed into the fields of a page, as the answer that is meant. Pure; whether it is valid says the runtime.

use hero_sdk::{FieldError, Json};

use super::{Choice, Field, FormField, number, object, plain_text, yes_or_no};
use crate::given_json::given_json;

/// The name of the field of a whole answer. That of a part of it ends in its JSON pointer.
const NAME: &str = "answer";

/// The name of the field at a pointer.
pub(super) fn name(pointer: &str) -> String {
    format!("{NAME}{pointer}")
}

/// The pointer to a member.
pub(super) fn member(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What a form sent: names and texts, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(Vec<(String, String)>);

impl Typed {
    /// Takes the body of a form, `application/x-www-form-urlencoded`.
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// What was typed into the field at a pointer. Lines end as everywhere else.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        self.texts(pointer).next().map(|text| text.replace("\r\n", "\n"))
    }

    /// Whether anything was typed into a field beneath that pointer.
    fn has_text_beneath(&self, pointer: &str) -> bool {
        let begin = name(&format!("{pointer}/"));
        self.0.iter().any(|(name, text)| name.starts_with(&begin) && !text.is_empty())
    }

    /// What was chosen there.
    pub(super) fn texts(&self, pointer: &str) -> impl Iterator<Item = &str> {
        let wanted = name(pointer);
        self.0.iter().filter(move |(name, _)| *name == wanted).map(|(_, text)| text.as_str())
    }
}

/// The answer that was typed, or which fields hold none.
pub(crate) fn read(field: &Field, typed: &Typed) -> Result<Json, Vec<FieldError>> {
    let mut reader = Reader { typed, errors: Vec::new() };
    let answer = reader.value(field, "", true);
    match answer {
        Some(answer) if reader.errors.is_empty() => Ok(answer),
        _ => Err(reader.errors),
    }
}

struct Reader<'a> {
    typed: &'a Typed,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    /// The value of a field; none where it is left out, or holds none.
    fn value(&mut self, field: &Field, pointer: &str, required: bool) -> Option<Json> {
        if let Field::Form(fields) = field {
            return self.members(fields, pointer, required);
        }
        if let Field::MultiChoice { choices, .. } = field {
            return self.choices(choices, pointer, required);
        }
        let text = match self.typed.text(pointer) {
            // An empty text is a text, where there has to be one.
            Some(text) if !text.is_empty() || (required && matches!(field, Field::Text { .. })) => text,
            _ if !required => return None,
            _ => return self.wrong(pointer, "an answer is needed here"),
        };
        let value = match field {
            Field::Text { .. } => Ok(Json::from(&serde_json::Value::String(text))),
            Field::Number { integer, .. } => number(&text, *integer),
            Field::Confirm { .. } => yes_or_no(&text),
            Field::Choice { choices, .. } => chosen(choices, &text),
            Field::Json { .. } | Field::Form(_) | Field::MultiChoice { .. } => {
                given_json(&text).map_err(|error| format!("this {error}"))
            }
        };
        value.or_else(|message| self.wrong(pointer, &message).ok_or(())).ok()
    }

    fn members(&mut self, fields: &[FormField], pointer: &str, required: bool) -> Option<Json> {
        // What may be left out as a whole, and was, lacks nothing.
        if !required && !self.typed.has_text_beneath(pointer) {
            return None;
        }
        let mut members = Vec::new();
        for FormField { key, required, field, .. } in fields {
            let value = self.value(field, &member(pointer, key), *required);
            members.extend(value.map(|value| (key.clone(), value)));
        }
        Some(object(members))
    }

    /// In the order in which they stand, whatever that of the clicks was.
    fn choices(&mut self, choices: &[Choice], pointer: &str, required: bool) -> Option<Json> {
        let mut values = Vec::new();
        for text in self.typed.texts(pointer) {
            match chosen(choices, text) {
                Ok(value) => values.push(value),
                Err(message) => return self.wrong(pointer, &message),
            }
        }
        if values.is_empty() && !required {
            return None;
        }
        let place = |value: &Json| choices.iter().position(|choice| choice.value == *value);
        values.sort_by_key(place);
        let texts: Vec<&str> = values.iter().map(Json::as_str).collect();
        Json::parse(&format!("[{}]", texts.join(","))).ok()
    }

    fn wrong(&mut self, pointer: &str, message: &str) -> Option<Json> {
        self.errors.push(FieldError { pointer: pointer.to_owned(), message: message.to_owned() });
        None
    }
}

/// The choice that a text means: its JSON, as pages send it, or what people would type.
fn chosen(choices: &[Choice], text: &str) -> Result<Json, String> {
    let by_json = choices.iter().find(|choice| choice.value.as_str() == text);
    let by_text = || choices.iter().find(|choice| plain_text(&choice.value) == text);
    let choice = by_json.or_else(by_text).ok_or_else(|| "this is none of the choices".to_owned())?;
    Ok(choice.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::request;

    fn answer(schema: &str, ui: &str, body: &str) -> Result<String, Vec<String>> {
        let field = Field::of(&request("ask", schema, ui));
        match read(&field, &Typed::of(body.as_bytes())) {
            Ok(answer) => Ok(answer.to_string()),
            Err(errors) => {
                Err(errors.into_iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect())
            }
        }
    }

    #[test]
    fn each_kind_of_field_is_read() {
        let both = r#"{"type":"array","items":{"enum":["a","b","c"]}}"#;
        for (schema, body, expected) in [
            (r#"{"type":"string"}"#, "answer=a+b%26c", r#""a b&c""#),
            (r#"{"type":"string"}"#, "answer=", r#""""#),
            (r#"{"type":"string"}"#, "answer=one%0D%0Atwo%0Athree", r#""one\ntwo\nthree""#),
            (r#"{"type":"string"}"#, "answer=%00%F0%9F%98%80%22", "\"\\u0000😀\\\"\""),
            (r#"{"type":"string"}"#, "other=1&answer=first&answer=second", r#""first""#),
            (r#"{"type":"integer"}"#, "answer=+42+", "42"),
            (r#"{"type":"number"}"#, "answer=1.50", "1.50"),
            (r#"{"type":"boolean"}"#, "answer=true", "true"),
            (r#"{"type":"boolean"}"#, "answer=no", "false"),
            (r#"{"enum":["a",1,"1",null]}"#, "answer=%22a%22", r#""a""#),
            (r#"{"enum":["a",1,"1",null]}"#, "answer=a", r#""a""#),
            (r#"{"enum":["a",1,"1",null]}"#, "answer=1", "1"),
            (r#"{"enum":["a",1,"1",null]}"#, "answer=%221%22", r#""1""#),
            (both, "answer=c&answer=%22a%22", r#"["a","c"]"#),
            (both, "", "[]"),
            ("true", "answer=%7B%22a%22%3A+%5B1%5D%7D", r#"{"a": [1]}"#),
        ] {
            assert_eq!(answer(schema, "{}", body).as_deref(), Ok(expected), "{schema} {body}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told_by_field() {
        for (schema, body, expected) in [
            (r#"{"type":"string"}"#, "", ": an answer is needed here"),
            (r#"{"type":"integer"}"#, "answer=1.5", ": expected a whole number, such as 3"),
            (r#"{"type":"integer"}"#, "answer=", ": an answer is needed here"),
            (r#"{"type":"boolean"}"#, "answer=maybe", ": expected y or n"),
            (r#"{"enum":["a"]}"#, "answer=b", ": this is none of the choices"),
            (r#"{"type":"array","items":{"enum":["a"]}}"#, "answer=b", ": this is none of the choices"),
            ("true", "answer=%7B", ": this is not JSON: EOF while parsing an object at line 1 column 1"),
            ("true", "answer=%5B%7B%22a%22%3A1%2C%22a%22%3A2%7D%5D", ": this has /0/a twice"),
        ] {
            assert_eq!(answer(schema, "{}", body), Err(vec![expected.to_owned()]), "{schema} {body}");
        }
    }

    #[test]
    fn an_object_is_read_member_by_member() {
        let schema = r#"{"type":"object","required":["zone"],"properties":{
            "zone":{"type":"string"},"a/b~c":{"type":"integer"},"note":{"type":"string"},
            "tags":{"type":"array","items":{"enum":["x"]}},
            "deep":{"type":"object","required":["on"],"properties":{"on":{"type":"boolean"},"more":{}}}}}"#;
        let left_out = "answer/zone=eu&answer/note=&answer/deep/on=&answer/deep/more=";
        assert_eq!(answer(schema, "{}", left_out), Ok(r#"{"zone":"eu"}"#.into()));
        // Nothing that was typed is lost because it is wrong.
        let wrong = "answer/zone=eu&answer/deep/on=&answer/deep/more=%7Bno";
        assert_eq!(answer(schema, "{}", wrong).unwrap_err().len(), 2);
        let body = "answer/zone=&answer/a~1b~0c=3&answer/note=hi&answer/tags=x&answer/deep/on=yes";
        let whole = r#"{"zone":"","a/b~c":3,"note":"hi","tags":["x"],"deep":{"on":true}}"#;
        assert_eq!(answer(schema, "{}", body), Ok(whole.into()));
        assert_eq!(
            answer(schema, "{}", "answer/a~1b~0c=x&answer/deep/on=x"),
            Err(vec![
                "/zone: an answer is needed here".into(),
                "/a~1b~0c: expected a whole number, such as 3".into(),
                "/deep/on: expected y or n".into(),
            ])
        );
    }

    #[test]
    fn hostile_names_are_names() {
        let schema = r#"{"type":"object","properties":{"__proto__":{"type":"string"}}}"#;
        let body = "answer/__proto__=x&__proto__=y&answer/constructor=z&answer%5B__proto__%5D=q";
        assert_eq!(answer(schema, "{}", body), Ok(r#"{"__proto__":"x"}"#.into()));
    }
}
