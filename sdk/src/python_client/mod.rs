//! The Python client: one file of typed methods, written from the document of the methods, and of what carries them,
//! which stands in `template/`.

mod methods;
#[cfg(test)]
mod tests;
mod text;
mod types;

use serde_json::{Map, Value};

use self::{methods::Kind, text::Docstring};
use crate::openrpc;

/// The name under which Python imports it.
pub const MODULE: &str = "hero_logic_client";

/// The text of the module.
pub fn source() -> String {
    let document = openrpc::document();
    let object =
        |pointer: &str| document.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default();
    let methods = document.get("methods").and_then(Value::as_array).cloned().unwrap_or_default();
    let errors =
        include_str!("template/errors.py").replace("# {kinds}\n", &kinds(&object("/components/errors")));
    let client =
        |template: &str, kind| part(template).replace("    # {methods}\n", &methods::of_all(&methods, kind));
    include_str!("template/module.py")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("# {types}\n", &types::of_all(&object("/components/schemas")))
        .replace("# {errors}\n", &part(&errors))
        .replace("# {wire}\n", &part(include_str!("template/wire.py")))
        .replace("# {feed}\n", &part(include_str!("template/feed.py")))
        .replace("# {blocking}\n", &client(include_str!("template/blocking.py"), Kind::Blocking))
        .replace("# {asynchronous}\n", &client(include_str!("template/asynchronous.py"), Kind::Asynchronous))
}

/// A part of the module: what it says of itself becomes a comment.
fn part(template: &str) -> String {
    let (duty, rest) = template.split_once('\n').unwrap_or((template, ""));
    format!("# {}\n{rest}", duty.trim_matches('"'))
}

/// A class for each code.
fn kinds(errors: &Map<String, Value>) -> String {
    let kinds = errors.iter().map(|(code, error)| {
        let of = |key: &str| error.get(key).cloned().unwrap_or_default();
        let doc = Docstring::of(of("message").as_str().unwrap_or_default()).at(4);
        let (class, number) = (text::camel(code), of("code"));
        format!("class {class}(HeroLogicError):\n{doc}\n    code = {code:?}\n    number = {number}\n")
    });
    kinds.collect::<Vec<_>>().join("\n\n")
}
