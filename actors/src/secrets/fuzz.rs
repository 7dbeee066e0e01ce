//! What must hold of any text that a flow writes of its secrets, by encoders that are not ours.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use hero_sdk::{Json, SecretValue};
use serde_json::Value;

use super::{Redactor, forms::forms, salt::Salt};
use crate::private::RANDOM_BYTES;

const NAME: &str = "KEY";
/// How a mark begins, for people and for flows.
const MARK: &str = "[secret KEY";
/// Bytes of a value: a longer one has the same forms, and takes the longer.
const VALUE_BYTES_MAX: usize = 200;
/// Bytes of a text with its forms, so that one takes no more than a moment.
const TEXT_BYTES_MAX: usize = 32 << 10;

/// A value, a NUL, and a text in which each of the first control characters stands for a form of it. Nothing that is kept
/// has one of these forms, a flow gets back what it said, and a text without the value stays as it is.
pub(crate) fn redactor(data: &[u8]) {
    let Ok(data) = std::str::from_utf8(data) else { return };
    let Some((value, text)) = data.split_once('\0') else { return };
    let Ok(secret) = SecretValue::try_from(value.to_owned()) else { return };
    // Of a backslash in a value of several lines nobody can tell whether it breaks one.
    if value.len() > VALUE_BYTES_MAX || value.contains('\\') && value.contains(char::is_control) {
        return;
    }
    let values = BTreeMap::from([(NAME.parse().expect("a name"), secret)]);
    let redactor = Redactor::new(&values, &Salt([7; RANDOM_BYTES]), "");
    let written = written(value);
    let form = |character: char| written.get((u32::from(character) as usize).checked_sub(1)?).cloned();
    let text: String =
        text.chars().map(|character| form(character).unwrap_or_else(|| character.to_string())).collect();
    if text.len() > TEXT_BYTES_MAX {
        return;
    }
    let shown = redactor.text(&text);
    has_none(&shown, &written);
    assert_eq!(redactor.bytes(text.as_bytes()), shown.as_bytes());
    if has_no_form(&text, value) {
        assert_eq!(shown, text);
    }

    let within = Json::of(&BTreeMap::from([(&text, [&text])])).expect("a text has a form in JSON");
    for given in [Some(within), Json::parse(&text).ok()].into_iter().flatten() {
        // What no machine has room for is JSON all the same, and is not compared.
        let Ok(meant) = given.to::<Value>() else { continue };
        let kept = redactor.kept(&given);
        let revealed = redactor.reveal(kept.as_str()).expect("it is the same value");
        assert_eq!(serde_json::from_str::<Value>(&revealed).ok(), Some(meant));
        for json in [kept, redactor.shown(&given)] {
            strings_have_none(&json.to().expect("its form stays"), &written);
        }
    }
}

/// The value as it is, in base64 and in URLs.
fn written(value: &str) -> Vec<String> {
    let percent = |keeps: fn(u8) -> bool| -> String {
        let byte = |byte| if keeps(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        value.bytes().map(byte).collect()
    };
    let component = percent(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    vec![
        value.to_owned(),
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        component.replace("%20", "+"),
        component,
        percent(|_| false),
    ]
}

fn strings_have_none(json: &Value, written: &[String]) {
    match json {
        Value::String(text) => has_none(text, written),
        Value::Array(items) => items.iter().for_each(|item| strings_have_none(item, written)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            has_none(key, written);
            strings_have_none(member, written);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Nothing but marks may have a part of one.
fn has_none(kept: &str, written: &[String]) {
    let mut rest = kept.split(MARK);
    let parts =
        rest.next().into_iter().chain(rest.map(|part| part.split_once(']').map_or(part, |(_, after)| after)));
    for part in parts {
        for form in written {
            assert!(!part.contains(form.as_str()), "{form:?} is kept in {kept:?}");
        }
    }
}

/// Whether no form can be meant, wherever white space, line breaks and their escapes stand, and nothing was cut.
fn has_no_form(text: &str, value: &str) -> bool {
    let bare = |text: &str| text.replace(['\\', 'n', 'r', 't', ' ', '\t', '\r', '\n'], "");
    let bare_text = bare(text);
    !text.contains('…') && forms(value).iter().all(|form| !bare_text.contains(&bare(&form.text)))
}
