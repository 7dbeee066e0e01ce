//! A collector in a process of its own, and what it was sent.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use hero_e2e::{Run, Running, Stage, binary, stage::eventually};
use hero_sdk::{
    PlaySid,
    model::{Play, SpanKind, SpanPage},
};
use serde::Deserialize;
use serde_json::Value;

/// One that has begun to listen.
pub(crate) struct Collector<'a> {
    stage: &'a Stage,
    _running: Running<'a>,
    spans: PathBuf,
    pub(crate) url: String,
}

/// A span as it came.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_span_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) events: Vec<Event>,
    pub(crate) resource: BTreeMap<String, Value>,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
}

/// Something that happened within it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, Value>,
}

impl<'a> Collector<'a> {
    /// One that takes everything.
    pub(crate) fn start(stage: &'a Stage) -> Self {
        Self::refusing(stage, &[])
    }

    /// One that answers the first requests with these statuses.
    pub(crate) fn refusing(stage: &'a Stage, statuses: &[&str]) -> Self {
        let libraries = stage.program(binary::repository().join("e2e/libraries"), [] as [&str; 0]);
        let python = libraries.within(Duration::from_secs(600)).finish().exits(0).stdout.trim().to_owned();
        let (address, spans) = (stage.directory().join("collector.address"), stage.directory().join("spans"));
        let running = stage
            .program(python, ["-B", "-W", "error"])
            .arg(binary::repository().join("e2e/collector.py"))
            .arg(&address)
            .arg(&spans);
        let running = statuses.iter().fold(running, |running, status| running.arg(status)).start();
        assert!(eventually(|| address.exists()), "{}", running.stderr());
        let url = std::fs::read_to_string(address).unwrap();
        Self { stage, _running: running, spans, url }
    }

    /// A command that sends its spans here.
    pub(crate) fn watch<'b>(&self, run: Run<'b>) -> Run<'b> {
        run.env("OTEL_EXPORTER_OTLP_ENDPOINT", &self.url)
    }

    /// What has come so far, in order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let text = std::fs::read_to_string(&self.spans).unwrap();
        // The last line may still be on its way.
        let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The spans of a play that has ended, once its own has come; each came once.
    #[track_caller]
    pub(crate) fn trace(&self, play_sid: &PlaySid) -> BTreeMap<u64, Sent> {
        let of_play = || -> Vec<Sent> {
            self.sent().into_iter().filter(|sent| sent.text("play_sid") == play_sid.as_str()).collect()
        };
        assert!(
            eventually(|| of_play().iter().any(|sent| sent.text("kind") == "play")),
            "{:#?}",
            self.sent()
        );
        let mut trace = BTreeMap::new();
        for sent in of_play() {
            let before = trace.insert(sent.number(), sent);
            assert!(before.is_none(), "it came twice: {before:#?}");
        }
        trace
    }

    /// Checks that the spans of a play are its tree, with its times.
    #[track_caller]
    pub(crate) fn check(&self, play: &Play) -> BTreeMap<u64, Sent> {
        let trace = self.trace(&play.play_sid);
        let tree = self.stage.hero(["play", "tree", play.play_sid.as_str(), "--json"]).finish().exits(0);
        let tree: SpanPage = serde_json::from_str(&tree.stdout).unwrap();
        let id = ulid(play.root_play_sid.as_str());
        let top = &trace[&0];
        assert!(trace.values().all(|sent| sent.trace_id == id), "{trace:#?}");
        assert_eq!(top.parent_span_id, "");
        assert_eq!(top.name, play.workflow);
        assert_eq!((top.start, top.end), (nanos(play.created_at.0), nanos(play.ended_at.unwrap().0)));
        assert_eq!(trace.len(), tree.spans.len() + 1, "{trace:#?}\n{tree:#?}");
        for node in &tree.spans {
            let sent = &trace[&u64::from(node.span_id)];
            assert_eq!(sent.name, node.name);
            assert_eq!(sent.text("path"), node.path);
            assert_eq!(sent.text("kind"), node.kind.as_str());
            assert_eq!(
                sent.parent_span_id,
                trace[&node.parent.map_or(0, u64::from)].span_id,
                "{}",
                node.path
            );
            assert_eq!(sent.start, nanos(node.started_at.0));
            let took = (node.duration_ms.unwrap() * 1e6).round() as u64;
            assert!((sent.end - sent.start).abs_diff(took) <= 1, "{sent:?}");
            // A question is sent when it is answered; a replay comes back to it later.
            let attempt = sent.attributes["hero_logic.attempt"].as_u64().unwrap();
            assert!(attempt == u64::from(node.attempt) || node.kind == SpanKind::Pause, "{sent:?}");
            let lines = tree.logs.iter().filter(|line| line.span_id == Some(node.span_id));
            let lines: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
            assert_eq!(sent.lines(), lines);
        }
        trace
    }
}

impl Sent {
    /// The number of the node in its play; 0 for the play itself.
    fn number(&self) -> u64 {
        self.attributes.get("hero_logic.span_id").map_or(0, |number| number.as_u64().unwrap())
    }

    /// One of our attributes that is a text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.attributes[&format!("hero_logic.{name}")].as_str().unwrap()
    }

    /// The lines that were written there.
    pub(crate) fn lines(&self) -> Vec<&str> {
        let lines = self.events.iter().filter(|event| event.name == "log");
        lines.map(|event| event.attributes["log.message"].as_str().unwrap()).collect()
    }
}

fn nanos(micros: i64) -> u64 {
    u64::try_from(micros).unwrap() * 1000
}

/// The 128 bits of the ULID in an id, in hexadecimal digits.
fn ulid(sid: &str) -> String {
    const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    let (_, digits) = sid.split_once('_').unwrap();
    let number = digits.chars().fold(0_u128, |number, digit| {
        let digit = DIGITS.find(digit).unwrap_or_else(|| panic!("no digit of a ULID: {digit}"));
        number << 5 | digit as u128
    });
    format!("{number:032x}")
}
