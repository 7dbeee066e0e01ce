//! A `Logic` that follows a script, and a context whose streams are kept.

use std::{
    collections::VecDeque,
    io::{self, Write},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll},
};

use futures_core::Stream;
use hero_sdk::{
    Error, ErrorCode, FieldError, Json, Logic, PlaySid,
    logic::{
        PlayList, PlayResume, PlayRunAsync, PlaySpans, PlayStart, PlayWait, Plays, Retried, ServerInfo,
        SpanFeed, StartOptions, Until,
    },
    model::{Play, PlayError, ResumeRequest, SpanPage, Status, Workflow},
};
use tokio::sync::watch;

use super::{MOMENT, play, play_sid};
use crate::cli::{
    context::Context,
    errors::Failure,
    output::Output,
    prompt::{Asked, Prompter},
    refused::Refused,
    signals::Signals,
    sink::Sink,
    style::Palette,
    view::Style,
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
        state
            .calls
            .push(format!("{what} {} {}", options.inputs, options.tags.join(",")).trim_end().to_owned());
        match state.refusals.pop_front() {
            Some(refusal) => Err(refusal),
            None => Ok(Play { status: Status::Queued, ..state.play.clone() }),
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

#[async_trait::async_trait]
impl Logic for Script {
    async fn play_start(&self, params: PlayStart) -> Result<Play, Error> {
        if params.workflow != "hello" {
            return Err(not_found(format!("no workflow {:?}", params.workflow)));
        }
        self.start("start hello", &params.options)
    }

    async fn play_run_async(&self, params: PlayRunAsync) -> Result<Play, Error> {
        let entry = params.entry.map(|entry| format!(":{entry}")).unwrap_or_default();
        self.start(&format!("run {}{entry}", params.file_name), &params.options)
    }

    async fn play_status(&self, play_sid: PlaySid) -> Result<Play, Error> {
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

    async fn play_cancel(&self, _play_sid: PlaySid, reason: Option<String>) -> Result<Play, Error> {
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

    async fn play_pending_resumes(&self, _play_sid: Option<PlaySid>) -> Result<Vec<ResumeRequest>, Error> {
        Ok(self.state.lock().unwrap().open.clone())
    }

    async fn play_list(&self, params: PlayList) -> Result<Plays, Error> {
        let state = self.state.lock().unwrap();
        let plays = match params.status {
            None => vec![state.play.clone(), play(Status::Failed)],
            Some(_) => Vec::new(),
        };
        Ok(Plays { plays, next_cursor: (params.limit == Some(2)).then(play_sid) })
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

    async fn play_feed(&self, _play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
        let state = self.state.lock().unwrap();
        Ok(Box::pin(Feed(state.pages.iter().filter(|page| page.last_seq > after_seq).cloned().collect())))
    }

    async fn play_retry(&self, _play_sid: PlaySid) -> Result<Retried, Error> {
        let state = self.state.lock().unwrap();
        let play = Play { status: Status::Queued, ..state.play.clone() };
        Ok(Retried { play, runs_again: vec!["main#0/fetch#0".into()] })
    }

    async fn workflow_list(&self) -> Result<Vec<Workflow>, Error> {
        Ok(vec![Workflow {
            workflow_sid: "wf_01kar9v3zv5w8x2b7c6d4e0f1g".parse()?,
            name: "hello".into(),
            description: "Greets somebody.".into(),
            tags: Vec::new(),
            current_version: 1,
            archived: false,
            created_at: MOMENT,
        }])
    }

    async fn server_info(&self) -> Result<ServerInfo, Error> {
        Err(Error::new(ErrorCode::Internal, "no script for this"))
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

/// A person whose answers are known.
#[derive(Default)]
pub(crate) struct ScriptedPerson {
    answers: Mutex<VecDeque<Asked>>,
    /// Why answers were refused, as the person was told.
    pub(crate) refusals: Mutex<Vec<String>>,
    /// What was asked, by name.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl ScriptedPerson {
    /// Answers in order; then leaves.
    pub(crate) fn new(answers: &[&str]) -> Arc<Self> {
        let answers = answers.iter().map(|text| Asked::Payload(Json::parse(text).unwrap())).collect();
        Arc::new(Self { answers: Mutex::new(answers), ..Self::default() })
    }
}

impl Prompter for ScriptedPerson {
    fn ask(&self, request: &ResumeRequest, refused: Option<&Refused>) -> Result<Asked, Failure> {
        self.asked.lock().unwrap().push(request.name.clone());
        self.refusals.lock().unwrap().extend(refused.map(|refused| refused.message.clone()));
        Ok(self.answers.lock().unwrap().pop_front().unwrap_or(Asked::Left))
    }

    fn abandon(&self) {}
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
            home_option: None,
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
