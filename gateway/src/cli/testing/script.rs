//! A `Logic` that follows a script, and a context whose streams are kept.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Write},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll},
};

use futures_core::Stream;
use hero_sdk::{
    Error, ErrorCode, FieldError, Json, Logic, PlaySid, Secret, SecretSource,
    document::{Document, ExportedPlay, ExportedWorkflow},
    logic::*,
    model::{
        Artifact, Benchmark, Example, Play, PlayError, ResumeRequest, SandboxLevel, SpanPage, Status,
        Workflow, WorkflowVersion,
    },
};
use tokio::sync::watch;

use super::{MOMENT, allowance, play, play_sid};
use crate::cli::{
    args::Global, canvas::Style, context::Context, errors::Failure, output::Output, signals::Signals,
    sink::Sink, style::Palette,
};

/// What a play does between two stops.
pub(crate) struct Act {
    /// What changes in its tree.
    pub(crate) pages: Vec<SpanPage>,
    /// How it stops.
    pub(crate) stop: Stop,
}

/// How a play stops.
pub(crate) enum Stop {
    /// It ends.
    End(Status, Option<PlayError>),
    /// It asks.
    Ask(Vec<ResumeRequest>),
    /// It runs until it is cancelled.
    Hang,
}

/// A play by script. The next act begins when a question of the last one is answered.
pub(crate) struct Script {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

struct State {
    play: Play,
    acts: VecDeque<Act>,
    pages: Vec<SpanPage>,
    open: Vec<ResumeRequest>,
    refusals: VecDeque<Error>,
    /// What was asked of it.
    calls: Vec<String>,
    ignores_cancel: bool,
    /// With their contents, in chunks.
    artifacts: Vec<(Artifact, Vec<Vec<u8>>)>,
}

impl Script {
    /// A play of these acts.
    pub(crate) fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let state = State {
            play: play(Status::Running),
            acts: acts.into_iter().collect(),
            pages: Vec::new(),
            open: Vec::new(),
            refusals: VecDeque::new(),
            calls: Vec::new(),
            ignores_cancel: false,
            artifacts: Vec::new(),
        };
        let script = Self { state: Mutex::new(state), changed: watch::Sender::new(()) };
        script.state.lock().unwrap().next_act();
        script
    }

    /// The next starts are refused.
    pub(crate) fn refuse(self, refusals: impl IntoIterator<Item = Error>) -> Self {
        self.state.lock().unwrap().refusals.extend(refusals);
        self
    }

    /// A cancel is accepted and nothing comes of it.
    pub(crate) fn ignore_cancel(self) -> Self {
        self.state.lock().unwrap().ignores_cancel = true;
        self
    }

    /// The play has kept a file, whose content comes in these chunks.
    pub(crate) fn kept(self, name: &str, media_type: &str, chunks: &[&[u8]]) -> Self {
        let artifact = Artifact {
            play_sid: play_sid(),
            path: "main#0/write#0".into(),
            name: name.into(),
            digest: "ab".repeat(32),
            size: chunks.iter().map(|chunk| chunk.len() as u64).sum(),
            media_type: media_type.into(),
            created_at: MOMENT,
        };
        let chunks = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        self.state.lock().unwrap().artifacts.push((artifact, chunks));
        self
    }

    /// Changes the play.
    pub(crate) fn with(self, change: impl FnOnce(&mut Play)) -> Self {
        change(&mut self.state.lock().unwrap().play);
        self
    }

    /// What was asked of it, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    fn start(&self, what: &str, options: &StartOptions) -> Result<Play, Error> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(
            format!("{what} {} {}", options.inputs.clone().unwrap_or(Json::null()), options.tags.join(","))
                .trim_end()
                .to_owned(),
        );
        match state.refusals.pop_front() {
            Some(refusal) => Err(refusal),
            None => Ok(Play { status: Status::Queued, attempt: 0, ..state.play.clone() }),
        }
    }
}

impl State {
    fn next_act(&mut self) {
        let Some(Act { pages, stop }) = self.acts.pop_front() else { return };
        for mut page in pages {
            page.renumber(self.pages.last().map_or(0, |page| page.last_seq));
            self.pages.push(page);
        }
        match stop {
            Stop::End(status, error) => {
                let ended = play(status);
                self.play.status = status;
                self.play.outputs = ended.outputs;
                self.play.ended_at = ended.ended_at;
                self.play.error = error;
                self.play.pending_resumes = 0;
            }
            Stop::Ask(requests) => {
                self.play.status = Status::AwaitingResume;
                self.play.pending_resumes = u32::try_from(requests.len()).unwrap();
                self.open = requests;
            }
            Stop::Hang => self.play.status = Status::Running,
        }
    }
}

trait Renumber {
    /// Moves all sequence numbers up.
    fn renumber(&mut self, by: u64);
}

impl Renumber for SpanPage {
    fn renumber(&mut self, by: u64) {
        self.spans.iter_mut().for_each(|span| span.seq += by);
        self.logs.iter_mut().for_each(|log| log.seq += by);
        self.last_seq += by;
    }
}

fn not_found(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::NotFound, message)
}

/// Methods that no script has.
macro_rules! unscripted {
    ($($name:ident($params:ty) -> $result:ty;)*) => {
        // As `async_trait` writes it, which does not look into a macro.
        $(fn $name<'one, 'both>(&'one self, _: $params) -> Pin<Box<dyn Future<Output = Result<$result, Error>> + Send + 'both>>
        where
            'one: 'both,
            Self: 'both,
        {
            let error = Error::new(ErrorCode::Internal, concat!(stringify!($name), " is not scripted"));
            Box::pin(async move { Err(error) })
        })*
    };
}

#[async_trait::async_trait]
impl Logic for Script {
    unscripted! {
        workflow_create(WorkflowCreate) -> Created;
        workflow_get(OfWorkflow) -> Workflow;
        workflow_list(WorkflowList) -> Workflows;
        workflow_update(WorkflowUpdate) -> Workflow;
        workflow_delete(WorkflowDelete) -> Deleted;
        workflow_create_version(WorkflowCreateVersion) -> WorkflowVersion;
        workflow_set_current_version(WorkflowSetCurrentVersion) -> Workflow;
        workflow_version_fetch(OfVersion) -> WorkflowVersion;
        workflow_version_list(OfWorkflow) -> Versions;
        example_upsert(ExampleUpsert) -> Example;
        example_fetch(OfExample) -> Example;
        example_delete(OfExample) -> Deleted;
        example_to_input_data(ExampleToInputData) -> InputData;
        example_list(OfWorkflow) -> Examples;
        flow_library_search(FlowLibrarySearch) -> LibraryHits;
        workflow_statistics(OfWorkflow) -> WorkflowStatistics;
        benchmark_run(BenchmarkRun) -> Benchmark;
        benchmark_fetch(OfBenchmark) -> BenchmarkReport;
        benchmark_wait(BenchmarkWait) -> Benchmark;
        benchmark_cancel(OfBenchmark) -> Benchmark;
        benchmark_list_for_workflow(BenchmarkListForWorkflow) -> Benchmarks;
        benchmark_list_for_version(BenchmarkListForVersion) -> Benchmarks;
        benchmark_latest_for_version(OfVersion) -> Benchmark;
        benchmark_compare(BenchmarkCompare) -> BenchmarkComparison;
        workflow_gate(WorkflowGate) -> GateReport;
        pick_version(PickVersion) -> Picked;
        workflow_export(WorkflowExport) -> Document<ExportedWorkflow>;
        workflow_import(WorkflowImport) -> ImportedWorkflow;
        play_export(OfPlay) -> Document<ExportedPlay>;
        play_import(PlayImport) -> ImportedPlay;
        play_promote(PlayPromote) -> Created;
        play_save_as_example(PlaySaveAsExample) -> Example;
    }

    async fn play_start(&self, mut params: PlayStart) -> Result<Play, Error> {
        if params.workflow != "hello" {
            return Err(not_found(format!("no workflow {:?}", params.workflow)));
        }
        self.start("start hello", &params.take_options())
    }

    async fn play_run_async(&self, mut params: PlayRunAsync) -> Result<Play, Error> {
        let options = params.take_options();
        let entry = params.entry.map(|entry| format!(":{entry}")).unwrap_or_default();
        self.start(&format!("run {}{entry}", params.file_name), &options)
    }

    async fn play_status(&self, params: OfPlay) -> Result<Play, Error> {
        let play_sid = params.play_sid;
        let state = self.state.lock().unwrap();
        if play_sid != state.play.play_sid {
            return Err(not_found(format!("no play {play_sid}")));
        }
        Ok(state.play.clone())
    }

    async fn play_wait(&self, params: PlayWait) -> Result<Play, Error> {
        let mut changes = self.changed.subscribe();
        loop {
            let play = self.state.lock().unwrap().play.clone();
            let is_reached = match params.until {
                Until::Settled => play.status.is_settled(),
                Until::Terminal => play.status.is_terminal(),
            };
            if is_reached || params.timeout_ms.is_some() {
                return Ok(play);
            }
            changes.changed().await.unwrap();
        }
    }

    async fn play_cancel(&self, params: PlayCancel) -> Result<Play, Error> {
        let reason = params.reason;
        let mut state = self.state.lock().unwrap();
        state.calls.push(format!("cancel {}", reason.unwrap_or_default()).trim_end().to_owned());
        if state.play.status.is_terminal() {
            return Err(Error::new(ErrorCode::Conflict, "the play has ended"));
        }
        if !state.ignores_cancel {
            state.play.status = Status::Cancelled;
            state.play.ended_at = Some(MOMENT);
            self.changed.send_replace(());
        }
        Ok(state.play.clone())
    }

    async fn play_resume(&self, params: PlayResume) -> Result<Play, Error> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(format!("resume {}", params.payload));
        let Some(index) = state.open.iter().position(|request| request.resume_id == params.resume_id) else {
            return Err(not_found(format!("no question {}", params.resume_id)));
        };
        if params.payload.as_str() == "\"bad\"" {
            let field = FieldError { pointer: String::new(), message: "\"bad\" is not one of these".into() };
            let message = "the answer does not fit the question";
            return Err(Error::new(ErrorCode::InvalidPayload, message).fields(vec![field]));
        }
        state.open.remove(index);
        state.play.status = Status::Running;
        state.next_act();
        Ok(state.play.clone())
    }

    async fn play_pending_resumes(&self, _params: PlayPendingResumes) -> Result<Resumes, Error> {
        Ok(Resumes { resumes: self.state.lock().unwrap().open.clone(), next_cursor: None })
    }

    async fn play_list(&self, params: PlayList) -> Result<Plays, Error> {
        let state = self.state.lock().unwrap();
        let plays = match params.status {
            None => vec![state.play.clone(), play(Status::Failed)],
            Some(_) => Vec::new(),
        };
        Ok(Plays { plays, next_cursor: (params.limit == Some(2)).then(|| Cursor(play_sid().to_string())) })
    }

    async fn play_spans(&self, params: PlaySpans) -> Result<SpanPage, Error> {
        let state = self.state.lock().unwrap();
        let next = state.pages.iter().find(|page| page.last_seq > params.after_seq);
        let nothing = SpanPage {
            spans: Vec::new(),
            logs: Vec::new(),
            last_seq: params.after_seq,
            status: state.play.status,
        };
        Ok(next.cloned().unwrap_or(nothing))
    }

    async fn events(&self, _filter: EventFilter, _after: Option<EventId>) -> Result<EventFeed, Error> {
        Err(Error::new(ErrorCode::Internal, "events are not scripted"))
    }

    async fn resume_of_link(&self, _token: &str) -> Result<ResumeRequest, Error> {
        Err(Error::new(ErrorCode::Internal, "links are not scripted"))
    }

    async fn server_metrics(&self) -> Result<Metrics, Error> {
        Ok(Metrics::default())
    }

    async fn play_feed(&self, _play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
        let state = self.state.lock().unwrap();
        Ok(Box::pin(Feed(state.pages.iter().filter(|page| page.last_seq > after_seq).cloned().collect())))
    }

    async fn play_retry(&self, _params: OfPlay) -> Result<Retried, Error> {
        let state = self.state.lock().unwrap();
        let play = Play { status: Status::Queued, ..state.play.clone() };
        Ok(Retried { play, runs_again: vec!["main#0/fetch#0".into()] })
    }

    async fn play_artifacts(&self, params: OfPlay) -> Result<Artifacts, Error> {
        self.play_status(params).await?;
        let state = self.state.lock().unwrap();
        Ok(Artifacts { artifacts: state.artifacts.iter().map(|(artifact, _)| artifact.clone()).collect() })
    }

    async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error> {
        self.play_status(play_sid.into()).await?;
        let state = self.state.lock().unwrap();
        let known = state.artifacts.iter().find(|(artifact, _)| artifact.name == name);
        let (artifact, chunks) = known.ok_or_else(|| not_found(format!("no artifact {name:?}")))?.clone();
        Ok(ArtifactFetch { artifact, content: Box::pin(Chunks(chunks.into())) })
    }

    async fn secret_set(&self, params: SecretSet) -> Result<(), Error> {
        let SecretSet { name, value } = params;
        let mut state = self.state.lock().unwrap();
        state.calls.push(format!("secret_set {name} of {} bytes", value.expose().len()));
        Ok(())
    }

    async fn secret_list(&self) -> Result<Secrets, Error> {
        let secret = |name: &str, source, set_at| Secret { name: name.parse().unwrap(), source, set_at };
        let of_file = secret("API_KEY", SecretSource::File, Some(MOMENT));
        Ok(Secrets { secrets: vec![of_file, secret("TOKEN", SecretSource::Environment, None)] })
    }

    async fn secret_remove(&self, params: OfSecret) -> Result<(), Error> {
        let name = params.name;
        self.state.lock().unwrap().calls.push(format!("secret_remove {name}"));
        Ok(())
    }

    async fn server_info(&self) -> Result<ServerInfo, Error> {
        Ok(ServerInfo {
            version: "1.2.3".into(),
            python: "/bin/python3".into(),
            python_version: "3.13.0".into(),
            store: "/store".into(),
            sandbox_level: SandboxLevel::Default,
            sandbox: Vec::new(),
            sandbox_missing: BTreeMap::new(),
            sandbox_defaults: allowance(),
            plays_running: 0,
            plays_queued: 0,
            trouble: None,
            process: None,
        })
    }
}

/// Pages that are there, then silence.
struct Feed(VecDeque<SpanPage>);

impl Stream for Feed {
    type Item = Result<SpanPage, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.0.pop_front().map_or(Poll::Pending, |page| Poll::Ready(Some(Ok(page))))
    }
}

/// A content, and where the last chunk is empty a failure.
struct Chunks(VecDeque<Vec<u8>>);

impl Stream for Chunks {
    type Item = Result<Vec<u8>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let damaged = || Error::new(ErrorCode::StoreCorrupt, "the content is not what was put there");
        let chunk = self.0.pop_front();
        Poll::Ready(chunk.map(|chunk| if chunk.is_empty() { Err(damaged()) } else { Ok(chunk) }))
    }
}

/// Bytes that were written to a stream.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// All of them as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    /// All of them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A context whose streams are kept and whose signals are raised by hand.
pub(crate) struct Stage {
    pub(crate) context: Context,
    pub(crate) out: Kept,
    pub(crate) err: Kept,
    pub(crate) signals: watch::Sender<u32>,
}

impl Stage {
    /// Plain lines, nobody to be asked.
    pub(crate) fn new() -> Self {
        let (out, err) = (Kept::default(), Kept::default());
        let (sender, signals) = Signals::by_hand();
        let context = Context {
            global: Global::default(),
            style: Style::Plain,
            prompter: None,
            out: Output { json: false, indent: true, palette: Palette::Text, sink: Sink::of(out.clone()) },
            err: Sink::of(err.clone()),
            palette: Palette::Text,
            signals,
        };
        Self { context, out, err, signals: sender }
    }

    /// The same with `--json`.
    pub(crate) fn json() -> Self {
        let mut stage = Self::new();
        stage.context.out.json = true;
        stage
    }

    /// How a command ended and what it wrote, for a snapshot.
    pub(crate) fn told(&self, result: &Result<crate::cli::errors::Exit, Failure>) -> String {
        let (exit, error) = match result {
            Ok(exit) => (*exit, String::new()),
            Err(failure) => (failure.exit, failure.render(Palette::Text)),
        };
        format!("exit {}\n--- stdout\n{}--- stderr\n{}{error}", exit as u8, self.out.text(), self.err.text())
    }
}
