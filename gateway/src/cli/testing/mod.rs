//! What tests of the command line share: pages of spans, plays and questions; `script` plays them, a `person` answers.

pub(crate) mod person;
pub(crate) mod script;

use std::collections::BTreeMap;

use hero_sdk::{
    Json, PlaySid, ResumeId, Timestamp, VersionSid,
    model::{
        Allowance, LogLevel, LogLine, LogStream, Network, Play, PlayError, ResumeRequest, ResumeStatus, Span,
        SpanKind, SpanPage, SpanStatus, Status, Try,
    },
};

/// A moment that tests can print.
pub(crate) const MOMENT: Timestamp = Timestamp(1_763_930_000_123_456);

/// A play's id that tests can print.
pub(crate) fn play_sid() -> PlaySid {
    "play_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap()
}

/// A question's id that tests can print.
pub(crate) fn resume_id(number: usize) -> ResumeId {
    format!("ask_01kar9v3zv5w8x2b7c6d4e0f{number:02}").parse().unwrap()
}

/// Json of a literal.
pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// An exception.
pub(crate) fn error(kind: &str, message: &str) -> PlayError {
    PlayError {
        code: "exception".into(),
        kind: Some(kind.into()),
        message: message.into(),
        ..PlayError::default()
    }
}

/// A try that failed.
pub(crate) fn failed_try(number: u32, kind: &str, message: &str, delay_ms: f64) -> Try {
    Try { number, error: error(kind, message), ended_at: MOMENT, delay_ms }
}

/// A question.
pub(crate) fn request(name: &str, schema: &str, ui: &str) -> ResumeRequest {
    ResumeRequest {
        resume_id: resume_id(0),
        play_sid: play_sid(),
        path: format!("main#0/{name}#0"),
        name: name.into(),
        question: Some(format!("{name}, please?")),
        schema: json(schema),
        ui: json(ui),
        fingerprint: "0123456789abcdef".into(),
        default: None,
        created_at: MOMENT,
        expires_at: None,
        status: ResumeStatus::Open,
        payload: None,
        answered_by: None,
        answered_at: None,
        url: None,
    }
}

/// What a play may do that wishes for nothing.
pub(crate) fn allowance() -> Allowance {
    Allowance {
        network: Network::All,
        subprocess: None,
        memory_mb: 1024,
        processes: 64,
        disk_mb: 1024,
        cpu_s: None,
        wall_s: None,
        read: Vec::new(),
        write: Vec::new(),
        env: Vec::new(),
    }
}

/// A play of `hello`.
pub(crate) fn play(status: Status) -> Play {
    Play {
        play_sid: play_sid(),
        workflow_sid: None,
        workflow: "hello".into(),
        version_sid: "ver_01kar9v3zv5w8x2b7c6d4e0f1g".parse::<VersionSid>().unwrap(),
        version: Some(3),
        status,
        inputs: json(r#"{"name":"World"}"#),
        outputs: (status == Status::Succeeded).then(|| json(r#"{"greeting": "Hello", "score": 1.50}"#)),
        error: None,
        attempt: 1,
        trigger: "cli".into(),
        tags: Vec::new(),
        priority: 0,
        parent_play_sid: None,
        root_play_sid: play_sid(),
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        created_at: MOMENT,
        deadline_at: None,
        started_at: Some(MOMENT),
        ended_at: status.is_terminal().then_some(MOMENT),
        duration_ms: 1234.5,
        pending_resumes: u32::from(status == Status::AwaitingResume),
        sandbox: None,
    }
}

/// Builds a page, numbering its changes.
pub(crate) struct PageBuilder {
    page: SpanPage,
    paths: BTreeMap<u32, String>,
}

impl PageBuilder {
    /// The first page.
    pub(crate) fn new() -> Self {
        let page = SpanPage { spans: Vec::new(), logs: Vec::new(), last_seq: 0, status: Status::Running };
        Self { page, paths: BTreeMap::new() }
    }

    /// The page after `page`.
    pub(crate) fn after(page: &SpanPage) -> Self {
        let mut next = Self::new();
        next.page.last_seq = page.last_seq;
        next
    }

    /// A node, all of whose names are `name`; finished ones took 12 ms.
    pub(crate) fn span(mut self, span_id: u32, parent: Option<u32>, name: &str, status: SpanStatus) -> Self {
        let above = parent.map(|parent| self.paths.get(&parent).cloned().unwrap_or_else(|| "main#0".into()));
        let path = above.map_or_else(|| format!("{name}#0"), |above| format!("{above}/{name}#0"));
        self.paths.insert(span_id, path.clone());
        self.page.last_seq += 1;
        let is_over = !matches!(status, SpanStatus::Running | SpanStatus::Waiting);
        self.page.spans.push(Span {
            span_id,
            parent,
            seq: self.page.last_seq,
            path,
            kind: SpanKind::Step,
            name: name.into(),
            status,
            recorded: true,
            attempt: 1,
            tries: Vec::new(),
            line: Some(7),
            inputs: None,
            output: None,
            error: None,
            tags: BTreeMap::new(),
            progress: None,
            cost_usd: 0.0,
            tokens_in: 0,
            tokens_out: 0,
            started_at: MOMENT,
            ended_at: is_over.then_some(MOMENT),
            duration_ms: is_over.then_some(12.0),
        });
        self
    }

    /// Changes the newest node.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Span)) -> Self {
        change(self.page.spans.last_mut().unwrap());
        self
    }

    /// A line of text on a node.
    pub(crate) fn log(mut self, span_id: u32, text: &str) -> Self {
        self.page.last_seq += 1;
        self.page.logs.push(LogLine {
            seq: self.page.last_seq,
            span_id: Some(span_id),
            attempt: 1,
            level: LogLevel::Info,
            stream: LogStream::Stdout,
            text: text.into(),
            at: MOMENT,
        });
        self
    }

    /// The page of a play that stands at `status`.
    pub(crate) fn status(mut self, status: Status) -> Self {
        self.page.status = status;
        self
    }

    /// The page.
    pub(crate) fn page(self) -> SpanPage {
        self.page
    }
}
