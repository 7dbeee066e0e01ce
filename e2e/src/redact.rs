//! Replaces what differs from run to run, so that the rest can be compared with a golden.

use serde_json::Value;

/// Characters of a ULID.
const ULID_CHARS: usize = 26;
/// Fields whose value is a time or a duration.
const TIMES: [&str; 8] =
    ["created_at", "started_at", "ended_at", "duration_ms", "expires_at", "answered_at", "at", "delay_ms"];

/// Fields whose value is the machine's: by what a play is confined, and what follows from it.
const MACHINE: [&str; 2] = ["layers", "subprocess"];

/// Ids become `play_…`, times `[time]`, and each of `paths` the name beside it.
pub fn text(text: &str, paths: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (path, name) in paths {
        text = text.replace(path, name);
    }
    ["play_", "wf_", "ver_", "ask_", "bench_"].into_iter().fold(text, |text, prefix| ids(&text, prefix))
}

/// The same for a JSON document, pretty and with its keys in order.
pub fn json(document: &Value, paths: &[(&str, &str)]) -> String {
    let mut document = document.clone();
    fields(&mut document);
    document.sort_all_objects();
    text(&serde_json::to_string_pretty(&document).expect("JSON is text"), paths)
}

fn fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(fields),
        Value::Object(named) => {
            for (name, field) in named {
                if TIMES.contains(&name.as_str()) && !field.is_null() {
                    *field = Value::from("[time]");
                } else if MACHINE.contains(&name.as_str()) {
                    *field = Value::from("[machine]");
                } else {
                    fields(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn ids(text: &str, prefix: &str) -> String {
    let mut parts = text.split(prefix);
    let mut redacted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        redacted.push_str(prefix);
        let is_id = part.len() >= ULID_CHARS
            && part.bytes().take(ULID_CHARS).all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        match part.get(ULID_CHARS..) {
            Some(rest) if is_id => {
                redacted.push('…');
                redacted.push_str(rest);
            }
            _ => redacted.push_str(part),
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_replaced() {
        let shown = text("play_01arz3ndektsv4rrffq69g5fav and play_list in /tmp/x", &[("/tmp/x", "[home]")]);
        assert_eq!(shown, "play_… and play_list in [home]");
    }

    #[test]
    fn times_are_replaced_at_any_depth() {
        let document = serde_json::json!({"a": [{"at": "2026-01-01T00:00:00Z", "ended_at": null}]});
        assert_eq!(
            serde_json::from_str::<Value>(&json(&document, &[])).unwrap(),
            serde_json::json!({"a": [{"at": "[time]", "ended_at": null}]})
        );
    }
}
