//! A play watched until it has settled: its tree shown, its questions answered, Ctrl-C obeyed.
//!
//! Written against `Logic` alone, so it is the same embedded and remote.

use std::{collections::BTreeSet, pin::Pin, sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, Json, Logic, PlaySid, ResumeId,
    logic::{PlayCancel, PlayResume, PlaySpans, PlayWait, SpanFeed, Until},
    model::{Play, ResumeRequest, Status},
};
use tokio::time::MissedTickBehavior;

use crate::cli::{
    answers::Answers,
    errors::{Failure, push_fields},
    escape::visible_lines,
    pages::open_questions,
    prompt::{Asked, Prompter},
    refused::Refused,
    signals::{Signals, interrupted},
    style::{Paint, Palette},
    view::View,
};

/// Between two frames of the live view: as often as the spinner turns.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);
/// Between two looks at a play that waits although none of its questions is open: one is just being answered or
/// expires, which takes milliseconds.
const RECHECK_INTERVAL: Duration = Duration::from_millis(20);

/// What Ctrl-C means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnSignal {
    /// Cancel the play and wait for its end.
    Cancel,
    /// Stop watching; the play is not ours.
    Leave,
}

/// How watching ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The play has ended, or waits for answers that nobody here gives.
    Settled(Box<Play>),
    /// A signal ended the watching.
    Left,
}

/// A play that is watched.
pub(crate) struct Drive<'a> {
    /// Where it runs.
    pub(crate) logic: &'a dyn Logic,
    /// Where it is shown.
    pub(crate) view: View,
    /// Answers from the command line.
    pub(crate) answers: Answers,
    /// Who is asked; none when nobody is.
    pub(crate) prompter: Option<Arc<dyn Prompter>>,
    /// Ctrl-C and SIGTERM.
    pub(crate) signals: Signals,
    /// What they mean.
    pub(crate) on_signal: OnSignal,
    /// For warnings.
    pub(crate) palette: Palette,
    /// Questions whose answer from the command line was refused: they are not answered by it again.
    pub(crate) refused: BTreeSet<ResumeId>,
    /// The question that is asked before others; else the oldest is.
    pub(crate) ask_first: Option<ResumeId>,
    /// The command that goes on with the play where its server has gone.
    pub(crate) again: String,
}

type Settling<'a> = Pin<Box<dyn Future<Output = Result<Play, Error>> + Send + 'a>>;

/// What came next while a play was watched.
enum Next {
    Settled(Box<Play>),
    Signal,
}

/// What came of a question.
enum Answered {
    Yes,
    /// The person left, or was made to by a signal.
    Left,
}

impl Drive<'_> {
    /// Watches until the play has settled and nobody here can answer what it waits for.
    pub(crate) async fn run(&mut self, play_sid: PlaySid) -> Result<Ending, Failure> {
        let ending = self.run_on(&play_sid).await;
        self.view.release();
        let ending = ending.map_err(|failure| goes_on(failure, &play_sid, &self.again));
        if let Ok(Ending::Settled(play)) = &ending {
            self.view.end(play);
            self.warn_of_unused_answers();
        }
        ending
    }

    async fn run_on(&mut self, play_sid: &PlaySid) -> Result<Ending, Failure> {
        loop {
            let Some(play) = self.watch(play_sid).await? else { return Ok(Ending::Left) };
            if play.status != Status::AwaitingResume {
                return Ok(Ending::Settled(Box::new(play)));
            }
            let open = open_questions(self.logic, play_sid).await?;
            let wanted = open.iter().find(|request| Some(&request.resume_id) == self.ask_first.as_ref());
            let Some(first) = wanted.or(open.first()) else {
                tokio::time::sleep(RECHECK_INTERVAL).await;
                continue;
            };
            if self.give_answers(&open).await? {
                continue;
            }
            let Some(prompter) = self.prompter.clone() else { return Ok(Ending::Settled(Box::new(play))) };
            match self.ask(prompter, first).await? {
                Answered::Yes => {}
                Answered::Left => return Ok(Ending::Settled(Box::new(play))),
            }
        }
    }

    /// Shows the play until it settles. None when a signal ended the watching.
    async fn watch(&mut self, play_sid: &PlaySid) -> Result<Option<Play>, Failure> {
        let logic = self.logic;
        let until_settled = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Settled };
        let mut settling: Settling<'_> = logic.play_wait(until_settled);
        let mut is_cancelling = false;
        let mut feed = Some(logic.play_feed(play_sid.clone(), self.view.after_seq()).await?);
        let play = loop {
            match self.watch_until_next(&mut settling, &mut feed).await? {
                Next::Settled(play) => break *play,
                Next::Signal if is_cancelling => {
                    return Err(
                        interrupted().hint("the next command on this store ends the play as cancelled")
                    );
                }
                Next::Signal if self.on_signal == OnSignal::Leave => return Ok(None),
                Next::Signal => {
                    is_cancelling = true;
                    self.warn("cancelling; Ctrl-C again kills at once");
                    settling = Box::pin(cancel(logic, play_sid.clone()));
                }
            }
        };
        drop(feed);
        self.catch_up(play_sid).await?;
        self.view.set_status(play.status);
        self.view.draw();
        Ok(Some(play))
    }

    async fn watch_until_next(
        &mut self,
        settling: &mut Settling<'_>,
        feed: &mut Option<SpanFeed>,
    ) -> Result<Next, Failure> {
        let mut frames = tokio::time::interval(FRAME_INTERVAL);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                play = &mut *settling => return Ok(Next::Settled(Box::new(play?))),
                () = self.signals.next() => return Ok(Next::Signal),
                _ = frames.tick(), if self.view.is_live() => self.view.draw(),
                page = next_page(feed) => match page {
                    Some(page) => self.view.apply(&page?),
                    None => *feed = None,
                },
            }
        }
    }

    /// Shows what the feed had not delivered yet when the play settled.
    async fn catch_up(&mut self, play_sid: &PlaySid) -> Result<(), Failure> {
        loop {
            let after_seq = self.view.after_seq();
            let params = PlaySpans { after_seq, ..PlaySpans::from(play_sid.clone()) };
            let page = self.logic.play_spans(params).await?;
            self.view.apply(&page);
            if page.last_seq <= after_seq {
                return Ok(());
            }
        }
    }

    /// Gives the answers from the command line that fit; true when at least one was accepted.
    async fn give_answers(&mut self, open: &[ResumeRequest]) -> Result<bool, Failure> {
        let mut is_one_accepted = false;
        for request in open {
            if self.refused.contains(&request.resume_id) {
                continue;
            }
            let Some(payload) = self.answers.find(request) else { continue };
            match resume(self.logic, request, payload).await? {
                Ok(()) => is_one_accepted = true,
                Err(refused) => {
                    self.refused.insert(request.resume_id.clone());
                    let mut text = format!("{}: {}\n", request.name, refused.message);
                    push_fields(&mut text, &refused.fields);
                    self.warn(&text);
                }
            }
        }
        Ok(is_one_accepted)
    }

    /// Asks until the answer is valid.
    async fn ask(
        &mut self,
        prompter: Arc<dyn Prompter>,
        request: &ResumeRequest,
    ) -> Result<Answered, Failure> {
        self.view.release();
        let mut refused: Option<Refused> = None;
        loop {
            let asking = tokio::task::spawn_blocking({
                let (prompter, request) = (Arc::clone(&prompter), request.clone());
                move || prompter.ask(&request, refused.as_ref())
            });
            let asked = tokio::select! {
                asked = asking => asked.map_err(|error| Failure::trouble("internal", format!("the prompt broke: {error}")))??,
                () = self.signals.next() => {
                    prompter.abandon();
                    Asked::Left
                }
            };
            let Asked::Payload(payload) = asked else { return Ok(Answered::Left) };
            match resume(self.logic, request, payload).await? {
                Ok(()) => return Ok(Answered::Yes),
                Err(again) => refused = Some(again),
            }
        }
    }

    /// Also where it waits: they are not kept for what is asked later.
    fn warn_of_unused_answers(&mut self) {
        for unused in self.answers.unused(self.view.asked()) {
            self.warn(&unused);
        }
    }

    fn warn(&mut self, text: &str) {
        let head = self.palette.paint(Paint::Attention, "warning:");
        self.view.note(&format!("{head} {}\n", visible_lines(text)));
    }
}

/// What becomes of a play whose server has gone: nothing of it is lost.
pub(crate) fn goes_on(failure: Failure, play_sid: &PlaySid, again: &str) -> Failure {
    if ![ErrorCode::Unreachable, ErrorCode::ShuttingDown].iter().any(|code| code.as_str() == failure.code) {
        return failure;
    }
    failure.hint(format!("{play_sid} is safe, and goes on with the next server: {again}"))
}

/// The next page of a feed that has not ended.
async fn next_page(feed: &mut Option<SpanFeed>) -> Option<Result<hero_sdk::model::SpanPage, Error>> {
    match feed {
        Some(feed) => std::future::poll_fn(|context| feed.as_mut().poll_next(context)).await,
        None => std::future::pending().await,
    }
}

/// Cancels, and waits for the end, whichever end it is.
async fn cancel(logic: &dyn Logic, play_sid: PlaySid) -> Result<Play, Error> {
    let reason = Some("interrupted by Ctrl-C or SIGTERM".to_owned());
    match logic.play_cancel(PlayCancel { play_sid: play_sid.clone(), reason }).await {
        Ok(_) => {}
        // It ended by itself a moment ago.
        Err(error) if error.code == ErrorCode::Conflict => {}
        Err(error) => return Err(error),
    }
    logic.play_wait(PlayWait { play_sid, timeout_ms: None, until: Until::Terminal }).await
}

/// Answers a question. The inner error is an answer that its schema refuses; a question that is no longer open
/// counts as answered, since somebody else was faster or its time ran out.
pub(crate) async fn resume(
    logic: &dyn Logic,
    request: &ResumeRequest,
    payload: Json,
) -> Result<Result<(), Refused>, Failure> {
    let params = PlayResume {
        play_sid: request.play_sid.clone(),
        resume_id: request.resume_id.clone(),
        payload: payload.clone(),
        answered_by: Some("cli".to_owned()),
    };
    match logic.play_resume(params).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => match error.code {
            ErrorCode::InvalidPayload => {
                Ok(Err(Refused { payload, message: error.message, fields: error.fields }))
            }
            ErrorCode::Conflict => Ok(Ok(())),
            _ => Err(error.into()),
        },
    }
}
