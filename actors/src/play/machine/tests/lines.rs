//! What Python says, in the lines that are said most, and how the machine gets them.

use std::fmt::Display;

use hero_sdk::frame::Up;

use crate::play::event::Event;

/// The root is entered.
pub(super) const ROOT: &str =
    r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#;
/// Last words, which are to be numbered. A park waits for any of its questions unless it says otherwise.
pub(super) const PARK: &str = r#"{"t":"park"}"#;
pub(super) const SUCCEEDED: &str = r#"{"t":"done","status":"succeeded","outputs":1}"#;
pub(super) const FAILED: &str = r#"{"t":"done","status":"failed","error":{"code":"x","message":"y"}}"#;
pub(super) const CANCELLED: &str = r#"{"t":"done","status":"cancelled"}"#;

/// Enters a call that is recorded.
pub(super) fn call(id: u64, parent: u64, path: &str) -> String {
    let line = format!(r#"{{"t":"begin","id":{id},"parent":{parent},"path":"{path}"}}"#);
    with(line, r#""kind":"flow","name":"s","fp":"f","recorded":true"#)
}

/// Enters a node that is not recorded.
pub(super) fn enter(id: u64, parent: u64, path: &str) -> String {
    format!(r#"{{"t":"begin","id":{id},"parent":{parent},"path":"{path}","kind":"step","name":"x"}}"#)
}

/// Leaves a node, with no word of what it gave.
pub(super) fn leave(id: u64, status: &str) -> String {
    format!(r#"{{"t":"end","id":{id},"status":"{status}"}}"#)
}

/// Leaves a call, with what is to be recorded of it.
pub(super) fn give(id: u64, status: &str, value: impl Display, n: u64) -> String {
    numbered(with(leave(id, status), format!(r#""value":{value}"#)), n)
}

/// A call has failed and is tried once more.
pub(super) fn next_try(id: u64, number: u32, n: u64) -> String {
    let error = r#""error":{"code":"x","message":"y"}"#;
    numbered(format!(r#"{{"t":"try","id":{id},"try":{number},{error}}}"#), n)
}

/// Asks for a text.
pub(super) fn ask(id: u64, path: &str, n: u64) -> String {
    let line = format!(r#"{{"t":"pause","id":{id},"parent":1,"path":"{path}","name":"q","fp":"f"}}"#);
    numbered(with(line, r#""schema":{"type":"string"}"#), n)
}

/// The line for which Python waits until it is answered.
pub(super) fn numbered(line: impl AsRef<str>, n: u64) -> String {
    with(line, format!(r#""n":{n}"#))
}

/// The line with more fields.
pub(super) fn with(line: impl AsRef<str>, fields: impl Display) -> String {
    let start = line.as_ref().strip_suffix('}').expect("a line is an object");
    format!("{start},{fields}}}")
}

pub(super) fn parse(line: &str) -> Up {
    Up::parse(line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

pub(super) fn received(attempt: u32, line: impl AsRef<str>) -> Event {
    Event::Received { attempt, frame: parse(line.as_ref()) }
}
