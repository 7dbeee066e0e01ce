//! From acceptance to the end: places, processes, crashes, cancellation, interruption, retry.

use hero_sdk::{
    Error, ErrorCode,
    model::{LogLevel, PlayError, ResumeStatus, Sandbox, SpanStatus, Status},
};

use super::{CRASHES_MAX, Machine, Process, conflict, questions::expiry, refusal};
use crate::play::{
    effect::{Durable, Effect, Write},
    event::{Caller, Now},
    timer::Timer,
};

/// With which `hero_tracing` exits when its span socket is closed.
const EXIT_LOST: i32 = 74;

impl Machine {
    /// A second start with the same idempotency key gets the play as it stands, once that is durable.
    pub(super) fn accept(&mut self, caller: Caller) -> Vec<Effect> {
        let is_new = self.row.play.attempt == 0 && self.row.play.status == Status::Queued;
        if !is_new || self.process != Process::None {
            let reply = self.reply(caller, Vec::new());
            return vec![self.commit(Durable::Yes, vec![reply])];
        }
        self.row_changed = true;
        self.process = Process::Wanted;
        let mut then = vec![self.reply(caller, Vec::new())];
        then.extend(self.deadline());
        // A place may be asked for at once: what is done with it comes after this commit.
        vec![Effect::WantPlace, self.commit(Durable::Yes, then)]
    }

    /// The runtime before this one has ended. What ran then is interrupted, and goes on unless it seems to be the
    /// reason why runtimes end.
    pub(super) fn recover(&mut self, progressed: bool, caller: Caller, now: Now) -> Vec<Effect> {
        if self.process == Process::None {
            self.is_overdue |= self.row.play.deadline_at.is_some_and(|at| at <= now.wall);
        }
        let mut effects = match self.row.play.status {
            status if status.is_terminal() => Vec::new(),
            // A wish took it up before: it goes on already.
            _ if self.process != Process::None => Vec::new(),
            _ if self.is_told_to_end() => self.finish_as_told(Vec::new(), now),
            Status::Running => self.crashed("the runtime ended while the play ran", progressed, now),
            Status::Queued => self.want_place(),
            _ => Vec::new(),
        };
        let mut then = vec![self.reply(caller, Vec::new())];
        // Whoever held the timers may be gone, or may have rung one for nothing.
        then.extend(self.resumes.iter().filter_map(expiry));
        then.extend(self.deadline());
        effects.push(self.commit(Durable::Later, then));
        effects
    }

    pub(super) fn admitted(&mut self, now: Now) -> Vec<Effect> {
        if self.process != Process::Wanted {
            return vec![Effect::LeavePlace];
        }
        self.process = Process::Starting;
        self.row.play.attempt += 1;
        self.row.play.started_at.get_or_insert(now.wall);
        self.set_status(Status::Running);
        self.asked.clear();
        self.progressed = false;
        self.refusals = 0;
        self.copies.clear();
        self.lookups.clear();
        self.library_asks.clear();
        self.library_saves = 0;
        self.tree.begin_attempt();
        self.working_since_us = Some(now.monotonic_us);
        // Not synced: were it lost with the power, no process of this attempt would be left, and its records, which
        // come later in the journal, would be lost as well.
        let start = Effect::StartProcess { attempt: self.row.play.attempt };
        vec![self.commit(Durable::Later, vec![start])]
    }

    pub(super) fn spawned(&mut self, sandbox: Sandbox) -> Vec<Effect> {
        // The next commit writes it, where it is not what was foreseen.
        let sandbox = Some(sandbox);
        self.row_changed |= self.row.play.sandbox != sandbox;
        self.row.play.sandbox = sandbox;
        if self.process != Process::Starting {
            return vec![Effect::Kill { attempt: self.row.play.attempt }];
        }
        self.process = Process::Alive;
        Vec::new()
    }

    pub(super) fn spawn_failed(&mut self, error: Error, now: Now) -> Vec<Effect> {
        if self.process != Process::Starting {
            return self.exited(None, now);
        }
        self.process = Process::None;
        self.stop_work_clock(now);
        let Error { code, message, hint, .. } = error;
        let error = PlayError {
            code: code.as_str().to_owned(),
            message: message.clone(),
            hint: hint.map(|hint| format!("{hint}; then retry the play")),
            ..PlayError::default()
        };
        let mut effects = vec![Effect::LeavePlace];
        effects.extend(match code {
            // The next attempt would be refused alike, until somebody does something about it.
            ErrorCode::SandboxDenied
            | ErrorCode::SandboxUnavailable
            | ErrorCode::SecretMissing
            | ErrorCode::SecretChanged
            | ErrorCode::SecretUnreadable
            // Of a variable that is to hold a secret.
            | ErrorCode::InvalidParams => {
                self.tree.interrupt_all(now);
                self.finish(Status::Failed, Some(error), Vec::new(), now)
            }
            _ => self.goes_on_unless(error, &message, false, now),
        });
        effects
    }

    /// The process and its group are gone, for whatever reason.
    pub(super) fn exited(&mut self, status: Option<i32>, now: Now) -> Vec<Effect> {
        self.let_all_go();
        self.process = Process::None;
        self.stop_work_clock(now);
        let mut effects = vec![Effect::LeavePlace];
        effects.extend(match self.row.play.status {
            status if status.is_terminal() => match self.retry_callers.pop() {
                Some(caller) => self.retry(caller, now),
                None => vec![self.commit(Durable::Later, Vec::new())],
            },
            Status::AwaitingResume => vec![self.commit(Durable::Later, Vec::new())],
            // It had parked, and an answer came while it was on its way out.
            Status::Queued => {
                let wanted = self.want_place();
                vec![self.commit(Durable::Later, wanted)]
            }
            _ if self.is_told_to_end() => self.finish_as_told(Vec::new(), now),
            _ if self.interrupted => {
                self.tree.interrupt_all(now);
                self.set_status(Status::Queued);
                vec![self.commit(Durable::Yes, Vec::new())]
            }
            _ => {
                let how = match status {
                    Some(code) if code < 0 => format!("its process was ended by signal {}", -code),
                    // What the first process of a namespace does to itself ends it so.
                    Some(code) if code > 128 => format!("its process was ended by signal {}", code - 128),
                    Some(EXIT_LOST) => {
                        "its process lost its span socket, which only the flow can have closed".to_owned()
                    }
                    Some(code) => format!("its process exited with code {code} before the flow was done"),
                    None => "its process was lost with the fork server".to_owned(),
                };
                self.crashed(&how, self.progressed, now)
            }
        });
        effects
    }

    /// An attempt ended without a word. The next one follows, unless that keeps happening without any progress.
    fn crashed(&mut self, how: &str, progressed: bool, now: Now) -> Vec<Effect> {
        let error = PlayError {
            code: "process_crashed".to_owned(),
            message: format!("{how}, {CRASHES_MAX} times in a row without a new record"),
            hint: Some("what it wrote past print is in output.log of the play's directory".to_owned()),
            ..PlayError::default()
        };
        self.goes_on_unless(error, how, progressed, now)
    }

    /// The next attempt, unless too many in a row came to nothing: then this error ends the play.
    fn goes_on_unless(&mut self, error: PlayError, how: &str, progressed: bool, now: Now) -> Vec<Effect> {
        self.tree.interrupt_all(now);
        self.row.memory.crashes = if progressed { 1 } else { self.row.memory.crashes + 1 };
        if self.row.memory.crashes >= CRASHES_MAX {
            return self.finish(Status::Failed, Some(error), Vec::new(), now);
        }
        self.say(
            LogLevel::Warning,
            &format!("attempt {} ended: {how}; it goes on", self.row.play.attempt),
            now,
        );
        self.set_status(Status::Queued);
        let wanted = self.want_place();
        vec![self.commit(Durable::Yes, wanted)]
    }

    pub(super) fn grace_ended(&mut self) -> Vec<Effect> {
        vec![Effect::Kill { attempt: self.row.play.attempt }]
    }

    pub(super) fn cancel(&mut self, reason: Option<String>, caller: Caller, now: Now) -> Vec<Effect> {
        let play = &self.row.play;
        if play.status.is_terminal() {
            return refusal(caller, self.has_ended());
        }
        let attempt = play.attempt;
        let is_first = self.row.memory.cancel.is_none();
        let reason = reason.map(|reason| self.without_values(reason));
        self.row.memory.cancel.get_or_insert(reason.unwrap_or_else(|| "the play was cancelled".to_owned()));
        self.cancel_callers.push(caller);
        match self.process {
            Process::None | Process::Wanted | Process::Parking => self.finish_as_told(Vec::new(), now),
            // The wish is durable before anybody is told to end, so that it outlives this runtime.
            Process::Alive if is_first => {
                self.row_changed = true;
                vec![self.commit(Durable::Yes, vec![Effect::Terminate { attempt }])]
            }
            // It cannot be told anything yet; it goes the moment it is there.
            Process::Starting => {
                self.process = Process::Leaving;
                self.row_changed = true;
                vec![self.commit(Durable::Yes, Vec::new())]
            }
            // Once more: the grace is over.
            Process::Alive | Process::Leaving => vec![Effect::Kill { attempt }],
        }
    }

    pub(super) fn interrupt(&mut self) -> Vec<Effect> {
        self.interrupted = true;
        match self.process {
            Process::None => Vec::new(),
            Process::Wanted => {
                self.process = Process::None;
                Vec::new()
            }
            // Everything that counts is durable, so there is nothing to ask the process for.
            Process::Starting | Process::Alive => {
                self.process = Process::Leaving;
                vec![Effect::Kill { attempt: self.row.play.attempt }]
            }
            Process::Parking | Process::Leaving => vec![Effect::Kill { attempt: self.row.play.attempt }],
        }
    }

    pub(super) fn retry(&mut self, caller: Caller, now: Now) -> Vec<Effect> {
        let play = &self.row.play;
        if !play.status.is_terminal() || play.status == Status::Succeeded {
            let message = format!("the play is {}; only one that failed is retried", play.status.as_str());
            return refusal(caller, conflict(message).hint(self.where_it_stands()));
        }
        if self.process != Process::None {
            // Its last process is on its way out, and must be gone first.
            self.retry_callers.push(caller);
            return Vec::new();
        }
        let runs_again: Vec<String> = std::mem::take(&mut self.failed).into_iter().collect();
        self.pending.extend(runs_again.iter().cloned().map(Write::DropRecord));
        self.row.play.error = None;
        self.row.play.ended_at = None;
        self.row.memory.crashes = 0;
        self.row.memory.cancel = None;
        self.is_overdue = false;
        self.row.play.deadline_at = self.row.memory.timeout_ms.map(|timeout_ms| now.wall.plus_ms(timeout_ms));
        self.set_status(Status::Queued);
        let mut then = vec![self.reply(caller, runs_again.clone())];
        let others = std::mem::take(&mut self.retry_callers);
        then.extend(others.into_iter().map(|other| self.reply(other, runs_again.clone())));
        then.extend(self.deadline());
        then.extend(self.want_place());
        vec![self.commit(Durable::Yes, then)]
    }

    /// The one place where a play becomes terminal.
    pub(super) fn finish(
        &mut self,
        status: Status,
        error: Option<PlayError>,
        mut then: Vec<Effect>,
        now: Now,
    ) -> Vec<Effect> {
        debug_assert!(status.is_terminal() && !self.row.play.status.is_terminal());
        self.let_all_go();
        let left_open =
            if status == Status::Cancelled { SpanStatus::Cancelled } else { SpanStatus::Interrupted };
        self.tree.end_all(left_open, now);
        for resume in self.resumes.iter_mut().filter(|resume| resume.status == ResumeStatus::Open) {
            resume.status = ResumeStatus::Withdrawn;
            resume.answered_at = Some(now.wall);
            self.pending.push(Write::Resume(Box::new(resume.clone())));
        }
        self.stop_work_clock(now);
        if let Some(at) = self.row.play.deadline_at {
            then.push(Effect::Unring { timer: Timer::Deadline, at });
        }
        self.row.play.pending_resumes = 0;
        self.row.play.error = error;
        self.row.play.ended_at = Some(now.wall);
        self.set_status(status);
        for caller in std::mem::take(&mut self.cancel_callers) {
            match status {
                Status::Cancelled => then.push(self.reply(caller, Vec::new())),
                // It was faster than the wish.
                _ => then.extend(refusal(caller, self.has_ended())),
            }
        }
        match self.process {
            Process::None | Process::Wanted => self.process = Process::None,
            Process::Starting | Process::Alive | Process::Parking | Process::Leaving => {
                self.process = Process::Leaving;
                then.push(Effect::GraceBegins { attempt: self.row.play.attempt });
            }
        }
        vec![self.commit(Durable::Yes, then)]
    }

    /// Somebody wants it ended, or its time is over.
    pub(super) fn is_told_to_end(&self) -> bool {
        self.is_overdue || self.row.memory.cancel.is_some()
    }

    /// Ends it as cancelled where that was wished for, else as overdue.
    pub(super) fn finish_as_told(&mut self, then: Vec<Effect>, now: Now) -> Vec<Effect> {
        if let Some(message) = self.row.memory.cancel.clone() {
            let error = PlayError { code: "cancelled".to_owned(), message, ..PlayError::default() };
            return self.finish(Status::Cancelled, Some(error), then, now);
        }
        let timeout_ms = self.row.memory.timeout_ms.unwrap_or_default();
        let error = PlayError {
            code: "timeout".to_owned(),
            message: format!("the play had not ended {timeout_ms} ms after it was started"),
            hint: Some("a retry keeps what it has done, and has as much time again".to_owned()),
            ..PlayError::default()
        };
        self.finish(Status::Failed, Some(error), then, now)
    }

    /// Its own time ran out. That is no news for the store, which has the deadline.
    pub(super) fn deadline_passed(&mut self, now: Now) -> Vec<Effect> {
        let Some(at) = self.row.play.deadline_at else { return Vec::new() };
        if self.row.play.status.is_terminal() {
            return Vec::new();
        }
        if at > now.wall {
            // It was put off by a retry, or the clock was set back.
            return self.deadline().into_iter().collect();
        }
        let (attempt, was_told) = (self.row.play.attempt, self.is_told_to_end());
        self.is_overdue = true;
        match self.process {
            Process::None | Process::Wanted | Process::Parking => self.finish_as_told(Vec::new(), now),
            Process::Alive if !was_told => vec![Effect::Terminate { attempt }],
            // It cannot be told anything yet; it goes the moment it is there.
            Process::Starting => {
                self.process = Process::Leaving;
                Vec::new()
            }
            // On its way out.
            Process::Alive | Process::Leaving => Vec::new(),
        }
    }

    /// The timer of its deadline, where it has one and has not ended.
    fn deadline(&self) -> Option<Effect> {
        let at = self.row.play.deadline_at.filter(|_| !self.row.play.status.is_terminal())?;
        Some(Effect::RingAt { timer: Timer::Deadline, at })
    }

    pub(super) fn protocol_error(&mut self, what: &str, now: Now) -> Vec<Effect> {
        let error = PlayError {
            code: "protocol_error".to_owned(),
            message: format!("the play's process does not keep to the span protocol: {what}"),
            hint: Some("a flow must leave the descriptors that it did not open alone".to_owned()),
            ..PlayError::default()
        };
        let kill = vec![Effect::Kill { attempt: self.row.play.attempt }];
        self.finish(Status::Failed, Some(error), kill, now)
    }

    /// The play has the runtime hold more than it may.
    pub(super) fn holds_too_much(&mut self, what: &str, remedy: &str, now: Now) -> Vec<Effect> {
        let error = PlayError {
            code: "limit_exceeded".to_owned(),
            message: format!("the play was ended, since {what}"),
            hint: Some(remedy.to_owned()),
            ..PlayError::default()
        };
        self.beyond_limit(error, now)
    }

    /// What it uses up is not its own: it has no time to end by itself. Who ends on a wish still ends on that.
    pub(super) fn beyond_limit(&mut self, error: PlayError, now: Now) -> Vec<Effect> {
        let kill = vec![Effect::Kill { attempt: self.row.play.attempt }];
        if self.is_told_to_end() {
            return self.finish_as_told(kill, now);
        }
        self.finish(Status::Failed, Some(error), kill, now)
    }

    pub(super) fn want_place(&mut self) -> Vec<Effect> {
        if self.interrupted {
            return Vec::new();
        }
        self.process = Process::Wanted;
        vec![Effect::WantPlace]
    }

    pub(super) fn stop_work_clock(&mut self, now: Now) {
        if let Some(since) = self.working_since_us.take() {
            self.row.play.duration_ms += now.monotonic_us.saturating_sub(since) as f64 / 1000.0;
        }
    }

    /// For wishes that come too late.
    fn has_ended(&self) -> Error {
        conflict(format!("the play is {} already", self.row.play.status.as_str()))
            .hint(self.where_it_stands())
    }

    /// For wishes that the play's status does not allow.
    pub(super) fn not_waiting(&self) -> Error {
        conflict(format!("the play is {}", self.row.play.status.as_str())).hint(self.where_it_stands())
    }

    fn where_it_stands(&self) -> String {
        format!("`hero_logic play show {}` shows where it stands", self.row.play.play_sid)
    }
}
