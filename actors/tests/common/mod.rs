//! A runtime with a home of its own, and flows that write to their span socket what they must not.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test file uses a part of it"
)]

/// What a tree is, as the tests of the machine have it.
#[path = "../../src/play/machine/tests/tree.rs"]
mod tree;

use std::path::PathBuf;

use hero_actors::{Config, Runtime};
use hero_sdk::{
    Logic as _, PlaySid,
    logic::{PlayRunAsync, PlaySpans, PlayWait, Until},
    model::{LogLine, Play, Span},
};

pub(crate) use tree::assert_tree;

/// `wire` is the span socket, which a flow can always find; `say` writes lines to it.
const PRELUDE: &str = "
import os
import socket
import sys

from hero_tracing import flow


def find():
    for name in os.listdir('/proc/self/fd'):
        try:
            found = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        if found.family == socket.AF_UNIX and found.type == socket.SOCK_STREAM:
            return found


def say(*lines):
    wire = find()
    for line in lines:
        wire.sendall((line if isinstance(line, bytes) else line.encode()) + b'\\n')


def begin(id, parent, path):
    return f'{{\"t\":\"begin\",\"id\":{id},\"parent\":{parent},\"path\":\"{path}\",\"kind\":\"step\",\"name\":\"x\"}}'


";

pub struct Stage {
    home: tempfile::TempDir,
    pub runtime: Runtime,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// With an interpreter other than the default.
    pub async fn with(python: Option<PathBuf>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut config = Config { python, ..Config::new(home.path()) };
        config.sandbox.defaults.memory_mb = 8192; // so that nothing but the runtime stands in their way
        let runtime = Runtime::open(config).await.unwrap();
        Self { home, runtime }
    }

    /// Runs a flow, whose helpers are above, to its end.
    pub async fn run(&self, source: &str) -> Play {
        let source = format!("{PRELUDE}{source}");
        let params = PlayRunAsync { source, file_name: "hostile.py".into(), ..PlayRunAsync::default() };
        let play = self.runtime.play_run_async(params).await.unwrap();
        let wait = PlayWait { play_sid: play.play_sid, timeout_ms: None, until: Until::Terminal };
        self.runtime.play_wait(wait).await.unwrap()
    }

    /// The whole tree, and every line of text.
    pub async fn tree(&self, play_sid: &PlaySid) -> (Vec<Span>, Vec<LogLine>) {
        let (mut spans, mut logs, mut after_seq) = (Vec::new(), Vec::new(), 0);
        loop {
            let params = PlaySpans { after_seq, limit: Some(1_000), ..PlaySpans::from(play_sid.clone()) };
            let page = self.runtime.play_spans(params).await.unwrap();
            if page.last_seq == after_seq {
                return (spans, logs);
            }
            after_seq = page.last_seq;
            spans.extend(page.spans);
            logs.extend(page.logs);
        }
    }

    /// Closes the runtime, and opens it again.
    pub async fn again(self) -> Self {
        self.runtime.shutdown().await.unwrap();
        let runtime = Runtime::open(Config::new(self.home.path())).await.unwrap();
        Self { home: self.home, runtime }
    }

    pub async fn close(self) {
        self.runtime.shutdown().await.unwrap();
    }
}
