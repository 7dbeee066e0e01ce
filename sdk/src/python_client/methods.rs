//! The methods as those of a class.

use serde_json::Value;

use super::{
    text::{Docstring, fitted, literal},
    types::annotation,
};

/// Of which class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blocking,
    Asynchronous,
}

/// All of them, in the order of their declaration.
pub(super) fn of_all(methods: &[Value], kind: Kind) -> String {
    let methods: Vec<String> = methods.iter().map(|method| Method::of(method).source(kind)).collect();
    methods.join("\n")
}

struct Method<'a> {
    name: &'a str,
    doc: String,
    parameters: Vec<Parameter<'a>>,
    result: String,
}

struct Parameter<'a> {
    name: &'a str,
    doc: &'a str,
    kind: String,
    default: Default,
}

/// What stands in for a parameter that is not told.
enum Default {
    /// It must be.
    Required,
    /// A value, which is sent.
    Value(String),
    /// None, and then nothing is sent.
    Untold,
}

impl<'a> Method<'a> {
    fn of(method: &'a Value) -> Self {
        let text = |key: &str| method.get(key).and_then(Value::as_str).unwrap_or_default();
        let parameters = method.get("params").and_then(Value::as_array).into_iter().flatten();
        let result = method.pointer("/result/schema").map(annotation).unwrap_or_default();
        let doc = format!("{}. {}", text("summary"), text("description")).trim_end().to_owned();
        Self { name: text("name"), doc, parameters: parameters.map(Parameter::of).collect(), result }
    }

    fn source(&self, kind: Kind) -> String {
        let (def, call) = match kind {
            Kind::Blocking => ("def", "self.call"),
            Kind::Asynchronous => ("async def", "await self.call"),
        };
        let arguments = self.parameters.iter().map(|parameter| (parameter.name, parameter.doc)).collect();
        let head = format!("{def} {}(", self.name);
        let signature = fitted(4, &head, &self.signature(), &format!(") -> {}:", self.result));
        let doc = Docstring::of(&self.doc).arguments(arguments).at(8);
        let params = self.params();
        let params_given = if params.is_empty() { "" } else { ", params" };
        let called = format!("{call}({:?}{params_given})", self.name);
        let returned = match self.result.as_str() {
            "None" => called,
            result => format!("return cast({result}, {called})"),
        };
        format!("{signature}{doc}{params}        {returned}\n")
    }

    /// What must be told comes first, by position or name; the rest by name only.
    fn signature(&self) -> Vec<String> {
        let is_required = |parameter: &&Parameter<'_>| matches!(parameter.default, Default::Required);
        let required = self.parameters.iter().filter(is_required).map(Parameter::declared);
        let others =
            self.parameters.iter().filter(|parameter| !is_required(parameter)).map(Parameter::declared);
        let mut others = others.peekable();
        let star = others.peek().is_some().then(|| "*".to_owned());
        std::iter::once("self".to_owned()).chain(required).chain(star).chain(others).collect()
    }

    /// Statements that make what is sent.
    fn params(&self) -> String {
        let is_untold = |parameter: &&Parameter<'_>| matches!(parameter.default, Default::Untold);
        let (untold, sent): (Vec<_>, Vec<_>) = self.parameters.iter().partition(is_untold);
        let sent: Vec<String> =
            sent.iter().map(|Parameter { name, .. }| format!("{name:?}: {name}")).collect();
        let untold: Vec<String> =
            untold.iter().map(|Parameter { name, .. }| format!("{name}={name}")).collect();
        let head = "params: dict[str, Json] = {";
        match (sent.is_empty(), untold.is_empty()) {
            (true, true) => String::new(),
            (true, false) => fitted(8, "params = _told(", &untold, ")"),
            (false, true) => fitted(8, head, &sent, "}"),
            (false, false) => fitted(8, head, &sent, "}") + &fitted(8, "params |= _told(", &untold, ")"),
        }
    }
}

impl<'a> Parameter<'a> {
    fn of(parameter: &'a Value) -> Self {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        let kind = annotation(schema);
        let is_required = parameter.get("required").is_some_and(|required| required == true);
        let default = match (is_required, schema.get("default")) {
            (true, _) => Default::Required,
            (false, Some(default)) => Default::Value(literal(default)),
            (false, None) => Default::Untold,
        };
        Self { name: text("name"), doc: text("description"), kind, default }
    }

    fn declared(&self) -> String {
        let Self { name, kind, .. } = self;
        match &self.default {
            Default::Required => format!("{name}: {kind}"),
            Default::Value(value) => format!("{name}: {kind} = {value}"),
            Default::Untold if kind.ends_with("None") => format!("{name}: {kind} = None"),
            Default::Untold => format!("{name}: {kind} | None = None"),
        }
    }
}
