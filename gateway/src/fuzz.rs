//! What must hold of whatever comes to the server, and of whatever a flow has shown on a terminal. `e2e/fuzz` looks for
//! bytes of which it does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::FutureExt as _;
use hero_sdk::{
    Error, ErrorCode, Json, Members, Timestamp,
    fuzz::Target,
    logic::Params,
    model::{Network, ResumeRequest, ResumeStatus, SandboxLevel},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::{
    cli::{
        args,
        configuration::{File, confinement},
        escape,
    },
    form::{self, Choice, Field, FormField, STYLE, Typed, number},
    server::rpc::{self, BATCH_MAX, DEPTH_MAX, Methods},
};

/// Every target of this crate.
pub const TARGETS: &[Target] =
    &[("rpc", rpc), ("question", question), ("escape", escape), ("settings", settings)];

/// A body of JSON-RPC. It has as many answers as the specification wants, in order, each with its very id, and as many
/// methods are called as there are calls.
fn rpc(data: &[u8]) {
    let methods = Echo::default();
    let answer = rpc::answer(&methods, data).now_or_never().expect("nothing is waited for");
    let (expected, called) = match expected(data) {
        Expected::One(one) => (one, usize::from(answer.is_none())),
        Expected::Calls { answers, called, is_batch } => {
            let text = answer.as_deref().unwrap_or("[]");
            assert_eq!(
                text.starts_with('['),
                is_batch || answer.is_none(),
                "one call has one answer: {text}"
            );
            (answers, called)
        }
    };
    assert_eq!(methods.0.load(Ordering::Relaxed), called);
    let given: Vec<Answer<'_>> = match answer.as_deref() {
        None => Vec::new(),
        Some(text) if text.starts_with('[') => serde_json::from_str(text).expect("an answer is JSON"),
        Some(text) => vec![serde_json::from_str(text).expect("an answer is JSON")],
    };
    assert_eq!(given.len(), expected.len(), "{answer:?}");
    for (given, expected) in given.iter().zip(expected) {
        assert_eq!((given.jsonrpc, given.id.get()), ("2.0", expected.id));
        match (&given.result, &given.error) {
            (Some(result), None) => assert_eq!(Some(result.get()), expected.result, "the call came whole"),
            (None, Some(failure)) => {
                assert_eq!(Some(failure.code), expected.code, "{answer:?}");
                assert_eq!(failure.data.code.number(), failure.code);
                assert!(!failure.message.is_empty());
            }
            _ => panic!("either of the two: {answer:?}"),
        }
    }
}

/// Gives back what it is called with, and fails where the method is `fail`; counts.
#[derive(Default)]
struct Echo(AtomicUsize);

#[async_trait::async_trait]
impl Methods for Echo {
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match method {
            "echo" => Some(Ok(params.to().unwrap_or_else(|_| Json::null()))),
            "fail" => Some(Err(Error::new(ErrorCode::NotFound, "no such thing"))),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Failed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    code: i32,
    message: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    code: ErrorCode,
}

struct Expectation<'a> {
    id: &'a str,
    code: Option<i32>,
    result: Option<&'a str>,
}

enum Expected<'a> {
    /// Of a body as a whole.
    One(Vec<Expectation<'a>>),
    Calls {
        answers: Vec<Expectation<'a>>,
        called: usize,
        is_batch: bool,
    },
}

fn failure(id: &str, code: i32) -> Expectation<'_> {
    Expectation { id, code: Some(code), result: None }
}

/// What the specification says of a body, by another reading of it.
fn expected(data: &[u8]) -> Expected<'_> {
    let whole = |code| Expected::One(vec![failure("null", code)]);
    if nested(data) > DEPTH_MAX {
        return whole(-32600);
    }
    let Ok(body) = serde_json::from_slice::<&RawValue>(data) else { return whole(-32700) };
    let is_batch = body.get().starts_with('[');
    let elements = if is_batch { serde_json::from_str(body.get()).expect("an array") } else { vec![body] };
    if elements.is_empty() || elements.len() > BATCH_MAX {
        return whole(-32600);
    }
    let (mut answers, mut called) = (Vec::new(), 0);
    for element in elements {
        let (answer, is_call) = element_expected(element.get());
        called += usize::from(is_call);
        answers.extend(answer);
    }
    Expected::Calls { answers, called, is_batch }
}

/// What is answered to an element, and whether it calls.
fn element_expected(element: &str) -> (Option<Expectation<'_>>, bool) {
    let invalid = |id| (Some(failure(id, -32600)), false);
    let Ok(Raw(members)) = serde_json::from_str::<Raw<'_>>(element) else { return invalid("null") };
    let all =
        |name: &str| members.iter().filter(|(key, _)| key == name).map(|(_, value)| value.get()).collect();
    let [version, method, params, id]: [Vec<&str>; 4] = ["jsonrpc", "method", "params", "id"].map(all);
    // Which of two is meant is anybody's guess.
    if [&version, &method, &params, &id].iter().any(|values| values.len() > 1) {
        return invalid("null");
    }
    // A number that no machine has room for is one all the same.
    let is_id =
        |id: &&&str| id.starts_with(|first: char| matches!(first, '"' | '-' | 'n') || first.is_ascii_digit());
    let given = id.first();
    if given.is_some() && given.filter(is_id).is_none() {
        return invalid("null");
    }
    let text = |values: &[&str]| values.first().and_then(|value| serde_json::from_str::<String>(value).ok());
    let id = given.copied().unwrap_or("null");
    if text(&version).as_deref() != Some("2.0") || params.iter().any(|params| !params.starts_with(['{', '[']))
    {
        return invalid(id);
    }
    let Some(method) = text(&method) else { return invalid(id) };
    let answer = given.map(|_| match method.as_str() {
        "echo" => Expectation { id, code: None, result: Some(params.first().copied().unwrap_or("{}")) },
        "fail" => failure(id, ErrorCode::NotFound.number()),
        _ => failure(id, -32601),
    });
    (answer, true)
}

/// Members of an object with those that come twice.
struct Raw<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Raw<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Raw(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// How deep brackets are open, strings apart.
fn nested(data: &[u8]) -> usize {
    let (mut open, mut most, mut rest) = (0usize, 0, data.iter());
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(byte) = rest.next() {
                    match byte {
                        b'\\' => {
                            rest.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'[' | b'{' => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// A schema, hints, a default and what was typed into the page, a line each. They come to a form that can be asked, on a
/// terminal and on a page of which nothing is a flow's, and to an answer of this form or to what is wrong with it.
fn question(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut json = || lines.next().map(Json::parse);
    let (Some(Ok(schema)), Some(Ok(ui))) = (json(), json()) else { return };
    let default = json().and_then(Result::ok);
    let typed = Typed::of(lines.next().unwrap_or_default().as_bytes());
    if let Some(typed) = &default {
        for is_whole in [false, true] {
            if let Ok(taken) = number(typed.as_str(), is_whole) {
                assert_eq!(&taken, typed, "a number stays as it is typed");
                assert!(taken.to::<serde_json::Number>().is_ok());
            }
        }
    }
    let request = request(schema, ui, default);
    let field = Field::of(&request);
    assert!(fields(&field, 0) <= text.len(), "no more is asked than is written");
    let sample = field.sample();
    if let Field::Form(of) = &field {
        let sample: Members = sample.to().expect("the answer to a form is an object");
        let required: Vec<&String> =
            of.iter().filter(|field| field.required).map(|field| &field.key).collect();
        assert_eq!(sample.0.iter().map(|(key, _)| key).collect::<Vec<_>>(), required);
    }
    sample.to::<IgnoredAny>().expect("a sample is JSON");
    has_its_markup_only(&form::question(&request, None, &[]));
    match form::read(&field, &typed) {
        Ok(answer) => is_answer(&field, &answer),
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|error| !error.message.is_empty()));
            has_its_markup_only(&form::question(&request, Some(&typed), &errors));
        }
    }
}

/// Whether an answer is of the form that was asked; whether it is valid says the runtime.
fn is_answer(field: &Field, answer: &Json) {
    match field {
        Field::Form(of) => {
            let members: BTreeMap<String, Json> = answer.to().expect("the answer to a form is an object");
            assert!(members.keys().all(|key| of.iter().any(|field| field.key == *key)), "{answer}");
            for FormField { key, required, field, .. } in of {
                match members.get(key) {
                    Some(member) => is_answer(field, member),
                    None => assert!(!required, "{key} is needed: {answer}"),
                }
            }
        }
        Field::Choice { choices, .. } => {
            assert!(choices.iter().any(|choice| choice.value == *answer), "{answer}")
        }
        Field::MultiChoice { choices, .. } => {
            let chosen: Vec<Json> = answer.to().expect("several choices are an array");
            assert!(
                chosen.iter().all(|chosen| choices.iter().any(|choice| choice.value == *chosen)),
                "{answer}"
            );
        }
        Field::Text { .. } => assert!(answer.to::<String>().is_ok()),
        Field::Number { integer, .. } => assert!(number(answer.as_str(), *integer).is_ok()),
        Field::Confirm { .. } => assert!(answer.to::<bool>().is_ok()),
        Field::Json { .. } => assert!(answer.to::<IgnoredAny>().is_ok()),
    }
}

/// Every tag of a page is one that it has by itself, with no attribute that loads, leads or runs.
fn has_its_markup_only(page: &str) {
    let page = page.replace(STYLE, "");
    for tag in page.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        assert!(TAGS.contains(&name), "{tag}");
        // Within quotes nothing is an attribute: every other part is.
        let outside: String = tag.split('"').step_by(2).collect();
        let attributes = outside.split_once('>').map_or(outside.as_str(), |(attributes, _)| attributes);
        for attribute in attributes.split(' ').skip(1).filter(|attribute| !attribute.is_empty()) {
            assert!(ATTRIBUTES.contains(&attribute.trim_end_matches('=')), "{tag}");
        }
    }
}

const TAGS: [&str; 27] = [
    "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "p", "ul", "li",
    "form", "button", "fieldset", "legend", "label", "input", "textarea", "select", "option", "span", "br",
    "strong", "time", "em",
];
const ATTRIBUTES: [&str; 28] = [
    "accept-charset",
    "aria-describedby",
    "aria-invalid",
    "aria-labelledby",
    "autocomplete",
    "autofocus",
    "charset",
    "checked",
    "class",
    "content",
    "datetime",
    "dir",
    "for",
    "html",
    "id",
    "inputmode",
    "lang",
    "method",
    "name",
    "placeholder",
    "required",
    "role",
    "rows",
    "selected",
    "spellcheck",
    "type",
    "value",
    "cols",
];

/// How many questions a field is.
fn fields(field: &Field, depth: usize) -> usize {
    let is_choice = |choices: &[Choice], index: usize| index < choices.len();
    match field {
        Field::Form(of) => {
            assert!(depth < 4, "a form has an end");
            let keys: BTreeSet<&str> = of.iter().map(|field| field.key.as_str()).collect();
            assert_eq!(keys.len(), of.len(), "nothing is asked twice");
            1 + of.iter().map(|of| fields(&of.field, depth + 1)).sum::<usize>()
        }
        Field::Choice { choices, default } => {
            assert!(!choices.is_empty() && default.is_none_or(|index| is_choice(choices, index)));
            let sample = field.sample();
            assert!(choices.iter().any(|choice| choice.value == sample), "a sample is one of them");
            1
        }
        Field::MultiChoice { choices, defaults } => {
            assert!(!choices.is_empty() && defaults.iter().all(|index| is_choice(choices, *index)));
            1
        }
        Field::Number { default, integer } => {
            let typed = default.as_deref().unwrap_or("0");
            assert!(number(typed, *integer).is_ok(), "what is offered can be answered: {typed}");
            1
        }
        Field::Json { default } => {
            assert!(default.as_deref().is_none_or(|text| Json::parse(text).is_ok()));
            1
        }
        Field::Text { .. } | Field::Confirm { .. } => 1,
    }
}

fn request(schema: Json, ui: Json, default: Option<Json>) -> ResumeRequest {
    let sid = "01kar9v3zv5w8x2b7c6d4e0f1g";
    ResumeRequest {
        resume_id: format!("ask_{sid}").parse().expect("an id"),
        play_sid: format!("play_{sid}").parse().expect("an id"),
        path: "main#0/ask#0".to_owned(),
        name: "ask".to_owned(),
        question: None,
        schema,
        ui,
        fingerprint: String::new(),
        default,
        created_at: Timestamp(0),
        expires_at: None,
        status: ResumeStatus::Open,
        payload: None,
        answered_by: None,
        answered_at: None,
        url: None,
    }
}

/// Text of a flow. Nothing of it moves a terminal or turns its text; what is plain stays, and JSON means the same.
fn escape(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let line = escape::visible(text);
    assert!(line.chars().all(is_harmless), "{line:?}");
    let lines = escape::visible_lines(text);
    assert!(lines.chars().all(|character| character == '\n' || is_harmless(character)), "{lines:?}");
    if text.chars().all(is_harmless) {
        assert_eq!(line, text);
        assert_eq!(lines, text.trim_end());
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let shown = escape::json(text);
        assert!(
            shown.chars().all(|character| is_harmless(character) || matches!(character, '\n' | '\r' | '\t'))
        );
        assert_eq!(serde_json::from_str::<Value>(&shown).ok(), Some(value));
    }
}

/// No control of ECMA-48, no mark of direction of Unicode TR 9, and nothing without any width but what emoji are made of.
fn is_harmless(character: char) -> bool {
    let code = u32::from(character);
    let controls = [0x00..=0x1f, 0x7f..=0x9f];
    let marks = [0x61c..=0x61c, 0x200e..=0x200f, 0x2028..=0x202e, 0x2066..=0x2069];
    let nothing = [
        0x200b..=0x200b,
        0x2060..=0x2065,
        0x206a..=0x206f,
        0xfeff..=0xfeff,
        0xfff9..=0xfffb,
        0xe0000..=0xe007f,
    ];
    !controls.iter().chain(&marks).chain(&nothing).any(|range| range.contains(&code))
}

/// A file of settings. It is refused with its name, or comes to a confinement that keeps what it says.
fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = PathBuf::from("hero_logic.toml");
    let file = File { path, text: text.to_owned() };
    let flags =
        args::Sandbox { level: None, require: false, read: Vec::new(), write: Vec::new(), env: Vec::new() };
    match confinement(&file, &flags) {
        Ok(config) => {
            let (own, most) = (&config.defaults, &config.caps);
            assert!(own.memory_mb <= most.memory_mb && own.processes <= most.processes);
            assert!(own.disk_mb <= most.disk_mb && own.memory_mb > 0 && own.processes > 0 && own.disk_mb > 0);
            assert!(most.network.covers(&own.network));
            assert!(most.cpu_s.is_none_or(|most| own.cpu_s.is_some_and(|own| own <= most)));
            assert!(most.wall_s.is_none_or(|most| own.wall_s.is_some_and(|own| own <= most)));
            if config.level == SandboxLevel::Strict {
                assert_eq!((&own.network, &most.network), (&Network::None, &Network::None));
            }
            assert!(!config.is_required || config.level != SandboxLevel::Off);
            if let Some((first, count)) = config.uids {
                assert!(first > 0 && count > 0 && first.checked_add(count).is_some(), "{first} {count}");
            }
        }
        Err(failure) => {
            assert!(failure.message.starts_with("hero_logic.toml"), "{}", failure.message);
            let line = failure.message.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
            assert!(
                line.is_none_or(|line| (1..=text.split('\n').count()).contains(&line)),
                "{}",
                failure.message
            );
        }
    }
}
