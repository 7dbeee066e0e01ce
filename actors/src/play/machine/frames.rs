//! What the process says, and what becomes of it.

use hero_sdk::{
    Error, Json,
    frame::{
        Begin, Blob, Done, DoneStatus, Down, End, EndStatus, NextTry, Notice, Park, RecordOnly, ResumeWhen,
        Up,
    },
    model::{LogLevel, LogStream, PlayError, ResumeStatus, SpanKind, Status, Try},
};
use hero_store::{Outcome, Payload, Record};

use super::{Machine, Process, REFUSALS_MAX, REFUSALS_TOLD_MAX};
use crate::play::{
    check_against,
    effect::{Durable, Effect, Write},
    event::{Garbled, Now},
    tree::Misfit,
};

/// Largest value that may travel as a file; the SDK refuses larger ones where they arise.
const BLOB_BYTES_MAX: u64 = 64 << 20;

impl Machine {
    pub(super) fn received(&mut self, frame: Up, now: Now) -> Vec<Effect> {
        let number = frame.number();
        let result = match frame {
            Up::Hello(hello) if hello.v == hero_sdk::frame::VERSION => Ok(()),
            Up::Hello(hello) => {
                let what = format!("it speaks version {}, not {}", hello.v, hero_sdk::frame::VERSION);
                return self.protocol_error(&what, now);
            }
            Up::Begin(frame) => self.begin(frame, now),
            Up::End(frame) => self.end(frame, now),
            Up::Try(frame) => self.next_try(frame, now),
            Up::Record(frame) => self.record_only(frame),
            Up::Tag(frame) => self.tree.tag(frame.id, frame.tags).map_err(Refused::from),
            Up::Log(frame) => {
                let id = Some(frame.id).filter(|id| *id != 0);
                self.tree.log(id, frame.level, frame.stream, &frame.text, self.row.play.attempt, now);
                Ok(())
            }
            Up::Cost(frame) => self.cost(frame.id, frame.usd, frame.tokens_in, frame.tokens_out),
            Up::Progress(frame) => {
                self.tree.set_progress(frame.id, frame.done, frame.total).map_err(Refused::from)
            }
            Up::Notice(frame) => {
                self.notice(&frame, now);
                Ok(())
            }
            Up::Artifact(frame) => return self.put_artifact(frame, now),
            Up::Resolve(frame) => return self.resolve(frame, now),
            Up::Library(frame) => return self.ask_library(frame, now),
            Up::Pause(frame) => return self.ask(frame, now),
            Up::Park(frame) => return self.park(&frame, now),
            Up::Done(frame) => return self.done(frame, now),
            Up::Described(_) => Err(Refused::new("unexpected", "a play is not being described")),
        };
        if self.tree.is_beyond() {
            let what = "its steps and spans are more than the runtime holds of one";
            let remedy = "32 MB of open steps, and 64 MB of the paths, failed tries and questions of ended ones, are held; \
                 let steps end before so many others begin, and keep names and tags short";
            return self.holds_too_much(what, remedy, now);
        }
        match (result, number) {
            (Err(refused), number) => self.refuse(number, refused.code, &refused.message, now),
            (Ok(()), Some(n)) => {
                let acknowledge = self.send(Down::Ack { n });
                vec![self.commit(Durable::Yes, vec![acknowledge])]
            }
            (Ok(()), None) => vec![Effect::FlushSoon],
        }
    }

    /// A line that is not a frame. The last word is the last all the same: nothing follows it.
    pub(super) fn garbled(&mut self, garbled: &Garbled, now: Now) -> Vec<Effect> {
        let (true, Some(n)) = (garbled.is_done, garbled.n) else {
            return self.refuse(garbled.n, "malformed", &self.without_values(garbled.reason.clone()), now);
        };
        let error = PlayError {
            code: "invalid_outputs".to_owned(),
            message: self.without_values(format!("the flow's result cannot be read: {}", garbled.reason)),
            hint: Some("return plain data of a few levels, or the path of a file in flow.workdir".to_owned()),
            ..PlayError::default()
        };
        let acknowledge = vec![self.send(Down::Ack { n })];
        self.finish(Status::Failed, Some(error), acknowledge, now)
    }

    /// A frame that does not fit: told, counted, and answered where Python waits for an answer.
    pub(super) fn refuse(&mut self, number: Option<u64>, code: &str, message: &str, now: Now) -> Vec<Effect> {
        self.refusals += 1;
        if self.refusals > REFUSALS_MAX {
            return self.protocol_error(
                &format!("more than {REFUSALS_MAX} refused frames, the last: {message}"),
                now,
            );
        }
        if self.refusals <= REFUSALS_TOLD_MAX {
            self.say(LogLevel::Warning, &format!("refused frame ({code}): {message}"), now);
        }
        match number {
            Some(n) => {
                let frame = Down::Refused { n, code: code.to_owned(), message: message.to_owned() };
                let refuse = self.send(frame);
                vec![self.commit(Durable::Yes, vec![refuse])]
            }
            None => vec![Effect::FlushSoon],
        }
    }

    fn begin(&mut self, frame: Begin, now: Now) -> Result<(), Refused> {
        let must_last = frame.recorded && frame.n.is_some();
        let (id, number) = (frame.id, frame.attempt_try.unwrap_or(1));
        self.tree.begin(frame, self.row.play.attempt, now)?;
        if must_last {
            self.record_started(id, number)?;
        }
        Ok(())
    }

    fn end(&mut self, frame: End, now: Now) -> Result<(), Refused> {
        let End { id, status, value, blob, preview, error, loop_time, n } = frame;
        let payload = payload(value, blob)?;
        let open = self.tree.end(id, status, preview, error, now)?;
        let is_pause = open.span.kind == SpanKind::Pause;
        if is_pause {
            self.asked.remove(&open.span.path);
        }
        let outcome = match (status, payload) {
            (EndStatus::Ok, Some(payload)) => Outcome::Ok(payload),
            (EndStatus::Failed, Some(payload)) => Outcome::Failed(payload),
            // Only a cancellation that asks to be acknowledged is an outcome; others are the end of the play.
            (EndStatus::Cancelled, _) if n.is_some() => Outcome::Cancelled,
            _ => return Ok(()),
        };
        if is_pause {
            self.withdraw(&open.span.path, now);
        } else if !open.span.recorded {
            return Err(Refused::new("not_recorded", format!("span {id} said that it has no outcome")));
        }
        self.record(open.span.path, open.span.kind.as_str(), open.fingerprint, loop_time, outcome);
        Ok(())
    }

    fn next_try(&mut self, frame: NextTry, now: Now) -> Result<(), Refused> {
        let NextTry { id, number, error, delay_ms, .. } = frame;
        let failed = Try { number: number.saturating_sub(1), error, ended_at: now.wall, delay_ms };
        let path = self.tree.add_try(id, failed)?.span.path.clone();
        let beneath = format!("{path}/");
        let dropped: Vec<String> = self
            .failed
            .range(beneath.clone()..)
            .take_while(|path| path.starts_with(&beneath))
            .cloned()
            .collect();
        for path in dropped {
            self.failed.remove(&path);
            self.pending.push(Write::DropRecord(path));
        }
        self.record_started(id, number)
    }

    fn record_started(&mut self, id: u64, number: u32) -> Result<(), Refused> {
        let open = self.tree.get(id)?;
        let (path, kind, fingerprint) = (open.span.path.clone(), open.span.kind, open.fingerprint.clone());
        self.record(path, kind.as_str(), fingerprint, None, Outcome::Started { number });
        Ok(())
    }

    fn record_only(&mut self, frame: RecordOnly) -> Result<(), Refused> {
        let RecordOnly { path, kind, value, fp, loop_time, .. } = frame;
        let outcome = Outcome::Ok(Payload::Inline(value));
        self.record(path, &kind, fp.unwrap_or_default(), loop_time, outcome);
        Ok(())
    }

    pub(super) fn record(
        &mut self,
        path: String,
        kind: &str,
        fingerprint: String,
        loop_time: Option<f64>,
        outcome: Outcome,
    ) {
        if outcome.is_final() {
            self.failed.remove(&path);
        } else {
            self.failed.insert(path.clone());
        }
        self.progressed |= !matches!(outcome, Outcome::Started { .. });
        let (attempt, seq) = (self.row.play.attempt, self.take_seq());
        let kind = kind.to_owned();
        self.pending.push(Write::Record(Record {
            path,
            kind,
            fingerprint,
            attempt,
            seq,
            loop_time,
            outcome,
        }));
    }

    fn cost(&mut self, id: u64, usd: f64, tokens_in: u64, tokens_out: u64) -> Result<(), Refused> {
        if !usd.is_finite() {
            return Err(Refused::new("bad_cost", "a cost is a finite number"));
        }
        self.tree.add_cost(id, usd, tokens_in, tokens_out)?;
        let play = &mut self.row.play;
        play.cost_usd += usd;
        play.tokens_in = play.tokens_in.saturating_add(tokens_in);
        play.tokens_out = play.tokens_out.saturating_add(tokens_out);
        self.row_changed = true;
        Ok(())
    }

    fn notice(&mut self, frame: &Notice, now: Now) {
        let mut text = format!("{}: {}", frame.code, frame.text);
        if !frame.paths.is_empty() {
            text.push_str(&format!(" ({})", frame.paths.join(", ")));
        }
        self.tree.log(None, LogLevel::Warning, LogStream::Runtime, &text, self.row.play.attempt, now);
    }

    /// Everything in flight waits for an answer: the process goes, the state stays.
    fn park(&mut self, frame: &Park, now: Now) -> Vec<Effect> {
        if self.is_told_to_end() {
            // That crossed it on its way, and nobody would end a play that waits.
            let acknowledge = vec![self.send(Down::Ack { n: frame.n })];
            return self.finish_as_told(acknowledge, now);
        }
        self.process = Process::Parking;
        self.row.memory.resume_when = frame.resume_when;
        // It ended with a word: crashes before it are not in a row with what comes.
        self.row.memory.crashes = 0;
        // An answer that crossed the park on its way: go on at once.
        let is_open = |path: &String| {
            self.resumes.iter().any(|resume| &resume.path == path && resume.status == ResumeStatus::Open)
        };
        let goes_on = match frame.resume_when {
            ResumeWhen::Any => self.asked.iter().any(|path| !is_open(path)),
            ResumeWhen::All => !self.asked.iter().any(is_open),
        };
        self.tree.interrupt_all(now);
        self.stop_work_clock(now);
        self.set_status(if goes_on { Status::Queued } else { Status::AwaitingResume });
        let acknowledge = self.send(Down::Ack { n: frame.n });
        let leave = Effect::GraceBegins { attempt: self.row.play.attempt };
        vec![self.commit(Durable::Yes, vec![acknowledge, leave])]
    }

    fn done(&mut self, frame: Done, now: Now) -> Vec<Effect> {
        let Done { status, outputs, blob, error, n } = frame;
        let attempt = self.row.play.attempt;
        let acknowledge = vec![self.send(Down::Ack { n })];
        match (status, outputs, blob) {
            (DoneStatus::Succeeded, Some(outputs), _) => self.succeed(outputs, acknowledge, now),
            (DoneStatus::Succeeded, None, Some(blob)) if is_digest(&blob) => {
                vec![Effect::LoadOutputs { attempt, n, blob }]
            }
            (DoneStatus::Succeeded, _, _) => self.protocol_error("success without outputs", now),
            (DoneStatus::Failed, _, _) => self.finish(Status::Failed, error, acknowledge, now),
            (DoneStatus::Diverged, _, _) => self.finish(Status::Diverged, error, acknowledge, now),
            (DoneStatus::Cancelled, _, _) => {
                if !self.is_told_to_end() {
                    // Somebody outside sent a signal; it is a cancellation all the same.
                    let by_signal = "the play's process was interrupted by a signal".to_owned();
                    self.row.memory.cancel = Some(by_signal);
                }
                self.finish_as_told(acknowledge, now)
            }
        }
    }

    fn succeed(&mut self, outputs: Json, acknowledge: Vec<Effect>, now: Now) -> Vec<Effect> {
        let fields = check_against(&self.outputs_schema, &outputs);
        if fields.is_empty() {
            self.row.play.outputs = Some(self.shown(outputs));
            return self.finish(Status::Succeeded, None, acknowledge, now);
        }
        let list: Vec<String> = fields
            .iter()
            .map(|field| format!("{}: {}", pointer_text(&field.pointer), field.message))
            .collect();
        let error = PlayError {
            code: "invalid_outputs".to_owned(),
            message: self.without_values(format!(
                "the flow's result breaks its declared outputs: {}",
                list.join("; ")
            )),
            hint: Some("change what the flow returns, or its return annotation or outputs=".to_owned()),
            ..PlayError::default()
        };
        self.finish(Status::Failed, Some(error), acknowledge, now)
    }
}

/// Why a frame is refused.
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<Misfit> for Refused {
    fn from(misfit: Misfit) -> Self {
        Self::new(misfit.code(), misfit.to_string())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        super::conflict(refused.message)
    }
}

fn payload(value: Option<Json>, blob: Option<Blob>) -> Result<Option<Payload>, Refused> {
    match (value, blob) {
        (_, Some(blob)) if is_digest(&blob) => Ok(Some(Payload::Blob(blob))),
        (_, Some(_)) => {
            Err(Refused::new("bad_blob", "a file is named by 64 hex digits and has at most 64 MiB"))
        }
        (Some(value), None) => Ok(Some(Payload::Inline(value))),
        (None, None) => Ok(None),
    }
}

/// The digest becomes a file's name, so it must be one.
pub(crate) fn is_digest(blob: &Blob) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    blob.digest.len() == 64 && blob.digest.bytes().all(is_hex) && blob.size <= BLOB_BYTES_MAX
}

/// The empty pointer is the whole.
fn pointer_text(pointer: &str) -> &str {
    if pointer.is_empty() { "the result" } else { pointer }
}
