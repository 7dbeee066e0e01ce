//! What a start asks for, as far as it decides what the play does: by it a start that is repeated with its idempotency
//! key is told from another one.

use hero_sdk::{Error, Json, Members};

use super::start::no_inputs;
use crate::seal::Seal;

/// Levels of inputs whose order of members and white space say nothing; deeper ones are compared as they are written.
const LEVELS: u32 = 64;

/// The parameters of a start without its options: those say when and how long it runs, and what it is called.
pub(crate) struct Asked {
    parts: Vec<String>,
    inputs: Option<Json>,
}

impl Asked {
    /// By this method, this with these inputs.
    pub(crate) fn new(method: &str, what: [String; 3], inputs: Option<Json>) -> Self {
        Self { parts: std::iter::once(method.to_owned()).chain(what).collect(), inputs }
    }

    /// A mark of it, which tells nothing of it to whoever has the store: inputs may hold values of secrets.
    pub(super) fn mark(&self, seal: &Seal) -> Result<String, Error> {
        let mut inputs = String::new();
        write_canonical(self.inputs.as_ref().unwrap_or(&no_inputs()), LEVELS, &mut inputs);
        let text = serde_json::to_string(&(&self.parts, inputs)).expect("strings have a form in JSON");
        let mark = seal.mark("idempotency", &text)?;
        Ok(mark.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Members in order of their names, no white space; numbers as they are written, since none is too long for that.
fn write_canonical(json: &Json, levels: u32, text: &mut String) {
    let is_deeper = levels > 0;
    if is_deeper && let Ok(Members(mut members)) = json.to() {
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        text.push('{');
        for (name, value) in &members {
            write_canonical(&Json::from(&serde_json::Value::from(name.as_str())), 0, text);
            text.push(':');
            write_canonical(value, levels - 1, text);
            text.push(',');
        }
        text.push('}');
    } else if is_deeper && let Ok(items) = json.to::<Vec<Json>>() {
        text.push('[');
        for item in &items {
            write_canonical(item, levels - 1, text);
            text.push(',');
        }
        text.push(']');
    } else if let Ok(string) = json.to::<String>() {
        text.push_str(&serde_json::Value::from(string).to_string());
    } else {
        text.push_str(json.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        let mut written = String::new();
        write_canonical(&Json::parse(text).unwrap(), LEVELS, &mut written);
        written
    }

    #[test]
    fn order_white_space_and_escapes_say_nothing() {
        assert_eq!(
            canonical(r#"{"a":1,"b":["ü",{"d":null,"c":true}]}"#),
            canonical(r#" { "b" : [ "\u00fc" , { "c" : true , "d" : null } ] , "a" : 0, "a" : 1 } "#)
        );
        for (one, other) in [
            (r#"{"a":[]}"#, r#"{"a":{}}"#),
            (r#"[1,2]"#, r#"[2,1]"#),
            (r#"["1"]"#, "[1]"),
            (r#"{"a":"b"}"#, r#"{"a":"b","c":null}"#),
            ("18446744073709551617", "18446744073709551618"),
        ] {
            assert_ne!(canonical(one), canonical(other));
        }
    }

    #[test]
    fn inputs_of_any_depth_are_compared() {
        let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(canonical(&nested("1")), canonical(&nested("1")));
        assert_ne!(canonical(&nested("1")), canonical(&nested("2")));
    }
}
