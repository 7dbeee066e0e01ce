//! The shell around the machine: turns messages into events and carries effects out.

mod commit;

use std::{collections::HashMap, sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, PlaySid, ResumeId,
    frame::{Hello, Up},
    model::Status,
};
use hero_store::Chain;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinHandle;

use super::{
    account::{Told, has_started},
    attempt::{First, Needs, first_frame, has_progressed, launch, no_process, past, sandbox},
    effect::Effect,
    environment::Environment,
    event::{Caller, Event, Past},
    files, library,
    limits::{Watch, Watched},
    link::Link,
    lookup::look_up,
    machine::Machine,
    message::{Message, ReplyPort, Start, Wish},
    timer::Timer,
    values::{keep_out_of_files, known},
};
use crate::{
    launcher::{Process, Signal},
    plays::{self, Due, Turn},
    secrets::Redactor,
    working::Works,
};

/// A machine, what its processes need, and what keeps the values of its secrets out.
type Loaded = (Machine, Needs, Option<Arc<Redactor>>);

/// How long changes that nobody waits for may stay unwritten. Long enough to gather a burst, too short to be seen.
const FLUSH_MS: u64 = 25;
/// How long a process may take to end after TERM, or after its last word. Python's own limit for unwinding is 2 s.
const GRACE_MS: u64 = 3_000;

/// The actor of one play.
pub(crate) struct PlayActor(pub(crate) Arc<Environment>);

pub(crate) struct State {
    start: Option<Start>,
    machine: Option<Machine>,
    /// To those who follow events.
    told: Told,
    play_sid: PlaySid,
    needs: Needs,
    /// Where its version declares secrets: knows the values of the last attempt.
    redactor: Option<Arc<Redactor>>,
    /// A process that is fetched for an attempt while the commit that allows it is on its way.
    coming: Option<(u32, JoinHandle<Result<Process, Error>>)>,
    process: Option<Process>,
    /// Has the time of the attempt told.
    works: Option<Works>,
    /// Looks at what the process uses.
    watch: Option<Watch>,
    /// The way to the process, and which attempt that is.
    link: Option<(u32, Link)>,
    /// The last attempt whose process has said something.
    heard: u32,
    callers: HashMap<Caller, ReplyPort>,
    next_number: u64,
    /// Each commit builds on the one before; after one that failed none is written.
    chain: Chain,
    /// Commits on their way, with what follows from each.
    commits: HashMap<u64, Vec<Effect>>,
    flush_is_due: bool,
    /// Wishes received, for the handshake by which an idle play is let go.
    wishes: u64,
    /// How many wishes it had received when it last said that it is idle.
    told_idle: Option<u64>,
}

impl Actor for PlayActor {
    type Msg = Message;
    type State = State;
    type Arguments = Start;

    async fn pre_start(&self, myself: ActorRef<Message>, start: Start) -> Result<State, ActorProcessingErr> {
        myself.cast(Message::Load)?;
        Ok(State {
            play_sid: start.row().play.play_sid.clone(),
            told: Told::of(&start),
            start: Some(start),
            machine: None,
            needs: Needs { imports: Vec::new(), allowance: Ok(self.0.sandbox.defaults.clone()) },
            redactor: None,
            coming: None,
            process: None,
            works: None,
            watch: None,
            link: None,
            heard: 0,
            callers: HashMap::new(),
            next_number: 1,
            chain: Chain::new(),
            commits: HashMap::new(),
            flush_is_due: false,
            wishes: 0,
            told_idle: None,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        self.react(&myself, message, state).await?;
        if state.is_idle() && state.told_idle != Some(state.wishes) {
            state.told_idle = Some(state.wishes);
            let (play_sid, wishes) = (state.play_sid.clone(), state.wishes);
            self.tell_plays(plays::Message::Idle { play_sid, wishes });
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Message>, state: &mut State) -> Result<(), ActorProcessingErr> {
        // On a clean exit the state would live on in the supervisor's event, and the process with it.
        state.coming = None;
        state.process = None;
        state.works = None;
        state.watch = None;
        state.link = None;
        Ok(())
    }
}

impl PlayActor {
    async fn react(
        &self,
        myself: &ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Load => {
                let start = state.start.take().ok_or("a play is loaded once")?;
                let loaded = self.load(start).await.inspect_err(|error| {
                    self.0.feeds.fail(&state.play_sid, error.clone());
                });
                let (machine, needs, redactor) = loaded?;
                (state.machine, state.needs, state.redactor) = (Some(machine), needs, redactor);
                // A runtime that was killed has left what its last process wrote.
                if state.machine.as_ref().is_some_and(|machine| machine.play().attempt > 0) {
                    files::clean_up(&self.0, &state.play_sid, &state.redactor).await;
                }
                Ok(())
            }
            Message::Wish(wish) => {
                state.wishes += 1;
                let event = self.event_of(wish, state)?;
                self.step(myself, state, event).await
            }
            Message::Started { attempt, result } => self.started(myself, state, attempt, result).await,
            Message::Received { attempt, frames, permit } => {
                if state.link_of(attempt).is_none() {
                    let (play, count) = (&state.play_sid, frames.len());
                    tracing::warn!(%play, attempt, count, "an attempt that is over wrote; it has no say any more");
                }
                if state.link_of(attempt).is_some()
                    && std::mem::replace(&mut state.heard, attempt) != attempt
                    && let Some(Ok(Up::Hello(hello))) = frames.first()
                {
                    self.keep_code(state, hello);
                }
                keep_out_of_files(&self.0, &state.play_sid, &state.redactor, &frames).await;
                for frame in frames {
                    let event = match frame {
                        Ok(frame) => Event::Received { attempt, frame },
                        Err(garbled) => Event::Garbled { attempt, garbled },
                    };
                    self.step(myself, state, event).await?;
                }
                drop(permit);
                Ok(())
            }
            Message::ArtifactCopied { attempt, result } => {
                let copied =
                    result.as_ref().map(|held| (held.digest.clone(), held.size)).map_err(Clone::clone);
                self.step(myself, state, Event::ArtifactCopied { attempt, result: copied }).await?;
                let machine = state.machine.as_ref();
                match result {
                    Ok(held) if machine.is_some_and(|machine| machine.has_content(&held.digest)) => {
                        files::let_go(&self.0, held);
                    }
                    Ok(held) => files::give_up(&self.0, held), // its attempt is over
                    Err(_) => {}
                }
                Ok(())
            }
            Message::LookedUp { attempt, result } => {
                self.step(myself, state, Event::LookedUp { attempt, result }).await
            }
            Message::LibraryAnswered { attempt, result } => {
                self.step(myself, state, Event::LibraryAnswered { attempt, result }).await
            }
            Message::BeyondLimit { attempt, error } => {
                self.step(myself, state, Event::BeyondLimit { attempt, error }).await
            }
            Message::Overflowed { attempt } => self.step(myself, state, Event::Overflowed { attempt }).await,
            Message::Exited { attempt, status } => {
                if state.link_of(attempt).is_some() {
                    state.process = None;
                    state.watch = None;
                    state.link = None;
                    files::clean_up(&self.0, &state.play_sid, &state.redactor).await;
                }
                self.step(myself, state, Event::Exited { attempt, status }).await
            }
            Message::GraceEnded { attempt } => self.step(myself, state, Event::GraceEnded { attempt }).await,
            Message::FlushDue => {
                state.flush_is_due = false;
                self.step(myself, state, Event::FlushDue).await
            }
            Message::Committed { commit, result } => {
                let then = state.commits.remove(&commit).unwrap_or_default();
                match result {
                    Ok(()) => self.perform(myself, state, then).await,
                    Err(error) => {
                        self.0.feeds.fail(&state.play_sid, error.clone());
                        give_up(state, &error);
                        // What is in the store stands; a later start of the play goes on from there.
                        Err(Box::from(error))
                    }
                }
            }
            Message::Fail { attempt } => self.perform(myself, state, vec![Effect::Kill { attempt }]).await,
        }
    }
}

impl State {
    /// True when nothing happens any more without a wish, and nobody waits for a commit.
    fn is_idle(&self) -> bool {
        self.machine.as_ref().is_some_and(Machine::is_idle) && self.commits.is_empty()
    }

    /// The way to the process of this attempt, while there is one.
    fn link_of(&self, attempt: u32) -> Option<&Link> {
        self.link.as_ref().filter(|(of, _)| *of == attempt).map(|(_, link)| link)
    }

    fn signal(&self, attempt: u32, signal: Signal) {
        if let (Some(process), Some(_)) = (&self.process, self.link_of(attempt)) {
            process.signal(signal);
        }
    }
}

impl PlayActor {
    async fn load(&self, start: Start) -> Result<Loaded, Error> {
        let tables = &self.0.tables;
        let row = match start {
            Start::New(row) => row,
            Start::Stored(row) => {
                tables.catch_up().await?;
                tables.play(&row.play.play_sid)?.unwrap_or(row)
            }
        };
        let missing =
            || Error::new(ErrorCode::StoreCorrupt, format!("play {} has no version", row.play.play_sid));
        let version = tables.version(&row.play.version_sid)?.ok_or_else(missing)?;
        let past = if row.play.attempt == 0 { Past::default() } else { past(tables, &row.play.play_sid)? };
        let redactor = known(&self.0, &version);
        let needs = Needs::of(&version, &self.0);
        let mut machine = Machine::new(row, version.outputs, past, ResumeId::new);
        machine.keep_out(redactor.clone());
        Ok((machine, needs, redactor))
    }

    fn event_of(&self, wish: Wish, state: &mut State) -> Result<Event, ActorProcessingErr> {
        let mut caller = |reply| {
            let number = state.next_number;
            state.next_number += 1;
            state.callers.insert(number, reply);
            number
        };
        Ok(match wish {
            Wish::Accept { reply } => Event::Accept { caller: caller(reply) },
            Wish::Recover { reply } => {
                let caller = caller(reply);
                let attempt = state.machine.as_ref().map_or(0, |machine| machine.play().attempt);
                let progressed = has_progressed(&self.0.tables, &state.play_sid, attempt)?;
                Event::Recover { progressed, caller }
            }
            Wish::Admitted => Event::Admitted,
            Wish::Answer { resume_id, payload, answered_by, reply } => {
                Event::Answer { resume_id, payload, answered_by, caller: caller(reply) }
            }
            Wish::Ring(Timer::Question(resume_id)) => Event::Expire { resume_id },
            Wish::Ring(Timer::Deadline) => Event::DeadlinePassed,
            Wish::Cancel { reason, reply } => Event::Cancel { reason, caller: caller(reply) },
            Wish::Retry { reply } => Event::Retry { caller: caller(reply) },
            Wish::Interrupt => Event::Interrupt,
        })
    }

    /// What comes after the first words of a process may be the flow's doing.
    fn keep_code(&self, state: &State, hello: &Hello) {
        if let (Some(machine), Some(code)) = (&state.machine, &hello.code) {
            self.0.compiled.keep(machine.play().version_sid.clone(), code);
        }
    }

    async fn step(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        event: Event,
    ) -> Result<(), ActorProcessingErr> {
        let now = self.0.clock.now();
        let machine = state.machine.as_mut().ok_or("a play is loaded before anything happens to it")?;
        let effects = machine.handle(event, now);
        // It is told until the row says that this attempt has ended, which has its time then.
        if let Some(since_us) = machine.working_since_us()
            && state.works.as_ref().is_none_or(|works| works.since_us != since_us)
        {
            state.works = None;
            state.works = Some(self.0.working.begin(state.play_sid.clone(), since_us));
        }
        self.perform(myself, state, effects).await
    }

    async fn perform(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        effects: Vec<Effect>,
    ) -> Result<(), ActorProcessingErr> {
        for effect in effects {
            match effect {
                Effect::Commit { writes, durable, then } => {
                    self.commit(myself, state, writes, durable, then).await?;
                }
                Effect::Send { attempt, frame } => {
                    if let Some(link) = state.link_of(attempt) {
                        link.send(&frame);
                    }
                }
                Effect::Reply { caller, result } => {
                    if let Some(reply) = state.callers.remove(&caller) {
                        // Whoever asked may have gone.
                        drop(reply.send(*result));
                    }
                }
                Effect::WantPlace => {
                    let turn = state.machine.as_ref().map(|machine| Turn::of(machine.play()));
                    let (play_sid, turn) = (state.play_sid.clone(), turn.unwrap_or_default());
                    self.tell_plays(plays::Message::WantPlace { play_sid, turn });
                }
                Effect::LeavePlace => self.tell_plays(plays::Message::LeavePlace(state.play_sid.clone())),
                Effect::RingAt { timer, at } => {
                    let play_sid = state.play_sid.clone();
                    self.tell_plays(plays::Message::RingAt(Due { at, play_sid, timer }));
                }
                Effect::Unring { timer, at } => {
                    let play_sid = state.play_sid.clone();
                    self.tell_plays(plays::Message::Unring(Due { at, play_sid, timer }));
                }
                Effect::StartProcess { attempt } => self.start_process(myself, state, attempt),
                Effect::Terminate { attempt } => {
                    state.signal(attempt, Signal::Terminate);
                    grace_begins(myself, attempt);
                }
                Effect::GraceBegins { attempt } => grace_begins(myself, attempt),
                Effect::Kill { attempt } => state.signal(attempt, Signal::Kill),
                Effect::FlushSoon if !state.flush_is_due => {
                    state.flush_is_due = true;
                    myself.send_after(Duration::from_millis(FLUSH_MS), || Message::FlushDue);
                }
                Effect::FlushSoon => {}
                Effect::LoadOutputs { attempt, n, blob } => {
                    let redactor = state.redactor.clone();
                    files::load_outputs(&self.0, &state.play_sid, redactor, myself, attempt, n, blob);
                }
                Effect::CopyArtifact { attempt, path, limit } => {
                    files::copy_artifact(&self.0, &state.play_sid, myself, attempt, path, limit);
                }
                Effect::LookUp { attempt, name, known } => {
                    if let Some(machine) = &state.machine {
                        look_up(&self.0, machine.play(), myself, attempt, name, known);
                    }
                }
                Effect::AskLibrary { attempt, ask, params } => {
                    if let Some(machine) = &state.machine {
                        library::ask(&self.0, machine.play(), myself, attempt, ask, params);
                    }
                }
                Effect::ForgetContent { digest } => files::forget(&self.0, digest),
            }
        }
        Ok(())
    }

    /// Fetches a process for the attempt and writes down what it will be told, beside this actor.
    fn start_process(&self, myself: &ActorRef<Message>, state: &mut State, attempt: u32) {
        let (environment, play, play_sid) = (Arc::clone(&self.0), myself.clone(), state.play_sid.clone());
        let coming = state.coming.take_if(|(of, _)| *of == attempt);
        let needs = state.needs.clone();
        tokio::spawn(async move {
            let first = first_frame(&environment, &play_sid, attempt, &needs);
            let process = match coming {
                Some((_, coming)) => coming.await.map_err(no_process).flatten(),
                None => launch(environment, play_sid, needs).await,
            };
            let result = process.and_then(|process| Ok((process, first?)));
            // A play that is gone drops the process, which kills it.
            drop(play.cast(Message::Started { attempt, result }));
        });
    }

    async fn started(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        attempt: u32,
        result: Result<(Process, First), Error>,
    ) -> Result<(), ActorProcessingErr> {
        let event = match result {
            Ok((mut process, First { line, redactor })) => {
                let stream = process.stream.take().ok_or("a new process has its socket")?;
                let exited = process.exited.take().ok_or("a new process has an end to wait for")?;
                tracing::debug!(play = %state.play_sid, attempt, pid = process.pid, "process started");
                state.link = Some((attempt, Link::open(stream, attempt, &line, exited, myself.clone())));
                let sandbox = sandbox(&self.0, &state.needs, &process.layers)?;
                if let Some(machine) = &mut state.machine {
                    has_started(machine.play(), &self.0);
                    machine.keep_out(redactor.clone());
                    let watched = Watched::of(&self.0, &process, &sandbox.allowance);
                    let home = self.0.paths.play(&state.play_sid);
                    let play = myself.clone();
                    state.watch = watched.map(|watched| {
                        watched.in_play(home, machine.play().duration_ms).start(move |error| {
                            drop(play.cast(Message::BeyondLimit { attempt, error: Box::new(error) }));
                        })
                    });
                }
                (state.process, state.redactor) = (Some(process), redactor);
                Event::Spawned { attempt, sandbox: Box::new(sandbox) }
            }
            Err(error) => Event::SpawnFailed { attempt, error },
        };
        self.step(myself, state, event).await
    }

    fn tell_plays(&self, message: plays::Message) {
        // Plays stops its plays before itself; if it crashed, they are gone in a moment.
        drop(self.0.plays.get().cast(message));
    }
}

fn grace_begins(myself: &ActorRef<Message>, attempt: u32) {
    myself.send_after(Duration::from_millis(GRACE_MS), move || Message::GraceEnded { attempt });
}

/// Tells everybody who waits for this play that the store did not take it.
fn give_up(state: &mut State, error: &Error) {
    for (_, reply) in state.callers.drain() {
        drop(reply.send(Err(error.clone())));
    }
    if let Some(machine) = &state.machine {
        let status: Status = machine.play().status;
        tracing::error!(play = %state.play_sid, %error, ?status, "the store did not take a change; the play stops here");
    }
}
