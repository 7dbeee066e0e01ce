//! Pauses: asked by the process, answered by anybody, once.

use hero_sdk::{
    Error, ErrorCode, Json, ResumeId,
    frame::{Begin, Down, Pause, RecordStatus, ResumeWhen},
    model::{ResumeRequest, ResumeStatus, SpanKind, SpanStatus, Status},
};
use hero_store::Outcome;

use super::{Machine, Process, conflict, refusal};
use crate::play::{
    check_against,
    effect::{Durable, Effect, Write},
    event::{Caller, Now},
    timer::Timer,
};

/// Questions of a play, over all its attempts: they are held as long as it lives.
const QUESTIONS_MAX: usize = 10_000;
/// Bytes of what they ask.
const QUESTIONS_BYTES_MAX: usize = 32 << 20;

impl Machine {
    /// The process asks. The question at this path may be open from an earlier attempt, or answered meanwhile.
    pub(super) fn ask(&mut self, frame: Pause, now: Now) -> Vec<Effect> {
        let n = frame.n;
        if let Err(misfit) = self.tree.begin(begin(&frame), self.row.play.attempt, now) {
            return self.refuse(Some(n), misfit.code(), &misfit.to_string(), now);
        }
        let (path, fingerprint) = (frame.path.clone(), frame.fp.clone());
        let known = self
            .resumes
            .iter()
            .find(|resume| resume.path == path && resume.status != ResumeStatus::Withdrawn)
            .cloned();
        if known.as_ref().is_some_and(|known| known.fingerprint != fingerprint) {
            let message = format!("the pause {path} asked something else before");
            return self.refuse(Some(n), "diverged", &message, now);
        }
        self.asked.insert(path);
        let mut then = vec![self.send(Down::Ack { n })];
        match known {
            Some(known) if known.status == ResumeStatus::Open => {}
            Some(known) => then.push(self.send(self.answer_frame(&known))),
            None => {
                let resume = self.question(frame, now);
                if self.asks_too_much(&resume) {
                    let what = format!(
                        "it asks more than {QUESTIONS_MAX} questions, or more than {} MB in them",
                        QUESTIONS_BYTES_MAX >> 20
                    );
                    return self.holds_too_much(&what, "ask in several plays, which flow.invoke starts", now);
                }
                then.extend(expiry(&resume));
                self.pending.push(Write::Resume(Box::new(resume.clone())));
                self.resumes.push(resume);
                self.count_open();
            }
        }
        vec![self.commit(Durable::Yes, then)]
    }

    /// Whether this would be more than the play may ask.
    fn asks_too_much(&self, next: &ResumeRequest) -> bool {
        are_too_many(self.resumes.iter().chain([next]))
    }

    fn question(&self, frame: Pause, now: Now) -> ResumeRequest {
        ResumeRequest {
            resume_id: (self.new_resume_id)(),
            play_sid: self.row.play.play_sid.clone(),
            path: frame.path,
            name: frame.name,
            question: frame.question,
            schema: frame.schema.unwrap_or_else(anything),
            ui: frame.ui.unwrap_or_else(Json::null),
            fingerprint: frame.fp,
            default: frame.default,
            created_at: now.wall,
            expires_at: frame.timeout_ms.map(|timeout_ms| now.wall.plus_ms(timeout_ms)),
            status: ResumeStatus::Open,
            payload: None,
            answered_by: None,
            answered_at: None,
            url: None,
        }
    }

    /// The flow itself no longer waits.
    pub(super) fn withdraw(&mut self, path: &str, now: Now) {
        if let Some(resume) =
            self.resumes.iter_mut().find(|resume| resume.path == path && resume.status == ResumeStatus::Open)
        {
            resume.status = ResumeStatus::Withdrawn;
            resume.answered_at = Some(now.wall);
            self.pending.push(Write::Resume(Box::new(resume.clone())));
        }
        self.count_open();
    }

    /// Somebody answers. The first valid payload wins (P3).
    pub(super) fn answer(
        &mut self,
        resume_id: &ResumeId,
        payload: Json,
        answered_by: Option<String>,
        caller: Caller,
        now: Now,
    ) -> Vec<Effect> {
        let mut resumes = self.resumes.iter();
        let Some(mut resume) = resumes.find(|resume| &resume.resume_id == resume_id).cloned() else {
            return refusal(
                caller,
                Error::new(ErrorCode::NotFound, format!("no question {resume_id} in this play"))
                    .hint(self.which_are_open()),
            );
        };
        let kept = self.kept(payload.clone());
        match resume.status {
            ResumeStatus::Answered if resume.payload.as_ref().is_some_and(|won| same(won, &kept)) => {
                // The answer that it repeats may still be on its way to the disk.
                let reply = self.reply(caller, Vec::new());
                return vec![self.commit(Durable::Yes, vec![reply])];
            }
            ResumeStatus::Answered => {
                let lost = refusal(caller, conflict("another answer came first").hint(self.which_are_open()));
                return vec![self.commit(Durable::Yes, lost)];
            }
            ResumeStatus::Expired => {
                return refusal(caller, conflict("the question has expired").hint(self.which_are_open()));
            }
            ResumeStatus::Withdrawn => {
                let error = conflict("the question was withdrawn").hint(self.not_waiting().message);
                return refusal(caller, error);
            }
            ResumeStatus::Open => {}
        }
        // Both as the flow sees them: what stands in the place of a value is neither a number nor as long.
        let mut fields = check_against(&self.revealed(resume.schema.clone()), &payload);
        if !fields.is_empty() {
            for field in &mut fields {
                field.pointer = self.without_values(std::mem::take(&mut field.pointer));
                field.message = self.without_values(std::mem::take(&mut field.message));
            }
            let error =
                Error::new(ErrorCode::InvalidPayload, "the answer does not fit the question's schema")
                    .hint("the question stays open; answer again")
                    .fields(fields);
            return refusal(caller, error);
        }
        resume.status = ResumeStatus::Answered;
        resume.payload = Some(kept.clone());
        resume.answered_by = answered_by.map(|who| self.without_values(who));
        resume.answered_at = Some(now.wall);
        if let Some(open) = self.resumes.iter_mut().find(|open| &open.resume_id == resume_id) {
            open.clone_from(&resume);
        }
        let mut then = self.close(resume, Outcome::Answered(kept), now);
        then.insert(0, self.reply(caller, Vec::new()));
        vec![self.commit(Durable::Yes, then)]
    }

    /// Its time ran out.
    pub(super) fn expire(&mut self, resume_id: &ResumeId, now: Now) -> Vec<Effect> {
        let open = |resume: &&mut ResumeRequest| {
            &resume.resume_id == resume_id && resume.status == ResumeStatus::Open
        };
        let Some(resume) = self.resumes.iter_mut().find(open) else {
            return Vec::new();
        };
        if resume.expires_at.is_none_or(|at| at > now.wall) {
            // The clock was set back since the timer was read.
            return expiry(resume).into_iter().collect();
        }
        resume.status = ResumeStatus::Expired;
        resume.answered_at = Some(now.wall);
        let resume = resume.clone();
        let outcome = Outcome::Expired(resume.default.clone());
        let then = self.close(resume, outcome, now);
        vec![self.commit(Durable::Yes, then)]
    }

    /// Writes the question's end and its record; gives what follows once they are durable.
    fn close(&mut self, resume: ResumeRequest, outcome: Outcome, now: Now) -> Vec<Effect> {
        let frame = self.answer_frame(&resume);
        let (status, output) = match &outcome {
            Outcome::Answered(payload) | Outcome::Expired(Some(payload)) => {
                (SpanStatus::Ok, Some(self.shown(self.revealed(payload.clone())).to_string()))
            }
            _ => (SpanStatus::Failed, None),
        };
        self.tree.answer(&resume.path, status, output, now);
        let (path, fingerprint) = (resume.path.clone(), resume.fingerprint.clone());
        self.pending.push(Write::Resume(Box::new(resume)));
        self.record(path.clone(), SpanKind::Pause.as_str(), fingerprint, None, outcome);
        self.count_open();
        let goes_on = match self.row.memory.resume_when {
            ResumeWhen::Any => true,
            ResumeWhen::All => !self.waits_for_another(),
        };
        match (self.process, self.row.play.status) {
            (Process::Starting | Process::Alive, _) if self.asked.contains(&path) => vec![self.send(frame)],
            (Process::Parking, Status::AwaitingResume) if goes_on => {
                self.set_status(Status::Queued);
                Vec::new()
            }
            (Process::None, Status::AwaitingResume) if goes_on => {
                self.set_status(Status::Queued);
                self.want_place()
            }
            _ => Vec::new(),
        }
    }

    /// A question of an earlier attempt that the last one did not ask again keeps nothing from going on.
    fn waits_for_another(&self) -> bool {
        let attempt = self.row.play.attempt;
        let open = self.resumes.iter().filter(|resume| resume.status == ResumeStatus::Open);
        open.into_iter().any(|resume| self.tree.last_asked(&resume.path).is_none_or(|last| last == attempt))
    }

    fn answer_frame(&self, resume: &ResumeRequest) -> Down {
        let path = resume.path.clone();
        let given = |json: &Option<Json>| self.revealed(json.clone().unwrap_or_else(Json::null));
        if resume.status == ResumeStatus::Expired {
            let use_default = resume.default.is_some();
            return Down::Answer {
                path,
                status: RecordStatus::Expired,
                payload: given(&resume.default),
                use_default,
            };
        }
        Down::Answer {
            path,
            status: RecordStatus::Answered,
            payload: given(&resume.payload),
            use_default: false,
        }
    }

    fn which_are_open(&self) -> String {
        format!("`hero_logic play show {}` shows the open questions", self.row.play.play_sid)
    }

    fn count_open(&mut self) {
        let open = self.resumes.iter().filter(|resume| resume.status == ResumeStatus::Open).count();
        self.row.play.pending_resumes = u32::try_from(open).unwrap_or(u32::MAX);
        self.row_changed = true;
    }
}

/// Whether these are more than a play may ask, or hold more.
pub(crate) fn are_too_many<'a>(questions: impl Iterator<Item = &'a ResumeRequest>) -> bool {
    let (mut count, mut all) = (0, 0);
    for question in questions {
        count += 1;
        all += bytes(question);
    }
    count > QUESTIONS_MAX || all > QUESTIONS_BYTES_MAX
}

/// The timer of a question that is open and has one.
pub(super) fn expiry(resume: &ResumeRequest) -> Option<Effect> {
    let at = resume.expires_at.filter(|_| resume.status == ResumeStatus::Open)?;
    Some(Effect::RingAt { timer: Timer::Question(resume.resume_id.clone()), at })
}

fn begin(frame: &Pause) -> Begin {
    Begin {
        id: frame.id,
        parent: frame.parent,
        path: frame.path.clone(),
        kind: SpanKind::Pause,
        name: frame.name.clone(),
        fp: Some(frame.fp.clone()),
        line: frame.line,
        inputs: frame.question.clone(),
        tags: std::collections::BTreeMap::new(),
        attempt_try: None,
        recorded: true,
        n: None,
    }
}

/// What a question is held with.
fn bytes(resume: &ResumeRequest) -> usize {
    let ResumeRequest { path, name, question, schema, ui, fingerprint, default, payload, .. } = resume;
    let texts = path.len() + name.len() + question.as_ref().map_or(0, String::len) + fingerprint.len();
    let json = [Some(schema), Some(ui), default.as_ref(), payload.as_ref()];
    texts + json.into_iter().flatten().map(|json| json.as_str().len()).sum::<usize>()
}

/// The schema that any payload fits.
fn anything() -> Json {
    Json::from(&serde_json::Value::Bool(true))
}

/// Equal as values, whatever the white space and the order of keys.
fn same(one: &Json, other: &Json) -> bool {
    match (one.to::<serde_json::Value>(), other.to::<serde_json::Value>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
