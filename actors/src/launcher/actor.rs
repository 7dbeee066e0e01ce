//! Owns the fork server: asks it for children, passes signals on, tells who waits when a child has ended.

use std::{
    collections::HashMap,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
    path::PathBuf,
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, Signal as UnixSignal, kill_process_group, pidfd_send_signal},
};
use tokio::{net::UnixStream, sync::oneshot, task::AbortHandle};

use super::{
    KnownLayers, LaunchError, LayerLook, Layers, Message, Process, Python, Spawn,
    control::{Control, Packet},
    fork_server::{self, Start},
    orders::{Reply, Request},
    process::{Signal, number_of},
};
use crate::{meters::Counter, sandbox::SandboxConfig};

/// How often it is looked whether the fork server still answers, while it owes an answer.
const TICK: Duration = Duration::from_secs(4);
/// A fork server that has not answered for so many ticks is ended, with its children: it cannot tell their ends either.
/// That is before those who asked give up, and far above what a fork takes on a busy machine.
pub(super) const TICKS_MAX: u32 = 5;

/// The actor; its fields are what every fork server is started with.
pub(crate) struct Launcher {
    /// The interpreter, or why there is none.
    pub(crate) python: Result<Python, String>,
    /// The directory that holds `hero_tracing`.
    pub(crate) sdk: PathBuf,
    /// The directory of all plays.
    pub(crate) plays: PathBuf,
    /// The directory in which processes are that have none of their own.
    pub(crate) describe: PathBuf,
    /// How children are confined.
    pub(crate) sandbox: SandboxConfig,
    /// Where it is told by what they are.
    pub(crate) known: KnownLayers,
    /// Whether a fork server is started ahead of the first play.
    pub(crate) starts_early: bool,
    /// Counts fork servers beyond the first.
    pub(crate) restarts: Counter,
}

/// What the launcher knows of its fork server and of the children.
pub(crate) struct State {
    thread: mpsc::SyncSender<Start>,
    server: Option<Server>,
    servers_started: u64,
    next_id: u64,
    /// Asked for, not yet forked.
    pending: HashMap<u64, Pending>,
    /// Who waits to hear what confines children.
    curious: Vec<RpcReplyPort<Result<Layers, LaunchError>>>,
    /// Who waits for children that try the layers, in the order of asking.
    probes: Vec<RpcReplyPort<Result<Vec<LayerLook>, LaunchError>>>,
    /// Whether it was said already that layers are missing.
    has_warned: bool,
    /// Whether a tick is on its way.
    is_watching: bool,
    /// The fork server that was ended because it did not answer.
    given_up: Option<u64>,
    /// Forked and not yet ended.
    running: HashMap<u64, Running>,
}

struct Server {
    number: u64,
    control: Arc<Control>,
    /// Its pidfd, once it has started.
    process: Arc<OnceLock<OwnedFd>>,
    reader: AbortHandle,
    /// Once it is ready.
    layers: Option<Layers>,
}

impl Drop for Server {
    /// The fork server ends when our end of its socket is closed, which the reader would keep open.
    fn drop(&mut self) {
        self.reader.abort();
    }
}

struct Pending {
    /// The fork server that was asked.
    server: u64,
    /// Since then.
    ticks: u32,
    reply: RpcReplyPort<Result<Process, LaunchError>>,
    stream: UnixStream,
}

struct Running {
    pid: u32,
    pidfd: OwnedFd,
    exited: oneshot::Sender<Option<i32>>,
}

impl Actor for Launcher {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        let mut state = State {
            thread: fork_server::thread()?,
            server: None,
            servers_started: 0,
            next_id: 1,
            pending: HashMap::new(),
            curious: Vec::new(),
            probes: Vec::new(),
            has_warned: false,
            is_watching: false,
            given_up: None,
            running: HashMap::new(),
        };
        if self.starts_early
            && let Ok(python) = &self.python
        {
            // An interpreter takes tens of milliseconds to come up.
            self.start_server(&myself, &mut state, python).await?;
        }
        Ok(state)
    }

    async fn post_stop(&self, _: ActorRef<Message>, state: &mut State) -> Result<(), ActorProcessingErr> {
        // On a clean exit the state would live on in the supervisor's event.
        state.server = None;
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Spawn { spawn, reply } => {
                match self.have_server(&myself, state).await? {
                    Ok(()) => state.spawn(&spawn, reply).await,
                    Err(error) => answer(reply, Err(error)),
                }
                state.watch(&myself);
            }
            Message::Layers { reply } => match self.have_server(&myself, state).await? {
                Ok(()) => {
                    state.curious.push(reply);
                    state.tell_layers();
                }
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Probe { reply } => match self.have_server(&myself, state).await? {
                Ok(()) => state.probe(reply).await,
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Tick => {
                state.is_watching = false;
                state.tick();
                state.watch(&myself);
            }
            Message::Signal { id, signal } => state.signal(id, signal).await,
            Message::Received { server, packet } if state.is_current(server) => {
                self.received(&myself, state, packet)?;
            }
            Message::Received { .. } => {}
            Message::Closed { server } => {
                if state.is_current(server) {
                    state.server = None;
                    state.give_up_children();
                }
            }
            Message::Ended { server, stderr } => {
                tracing::debug!(server, "the fork server has ended");
                if state.is_current(server) {
                    state.server = None;
                    state.give_up_children();
                }
                state.fail_pending(server, &stderr);
            }
        }
        Ok(())
    }
}

impl Launcher {
    /// Makes sure that there is a fork server, or says why there can be none.
    async fn have_server(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
    ) -> io::Result<Result<(), LaunchError>> {
        match &self.python {
            Ok(python) if state.server.is_none() => self.start_server(myself, state, python).await.map(Ok),
            Ok(_) => Ok(Ok(())),
            Err(reason) => Ok(Err(LaunchError::ForkServer(reason.clone()))),
        }
    }

    async fn start_server(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        python: &Python,
    ) -> io::Result<()> {
        let (control, theirs) = Control::pair()?;
        let control = Arc::new(control);
        let setup = Request::setup(&self.sandbox, &self.plays, &self.describe)?;
        tell(&control, &setup, None).await?;
        self.restarts.add(u64::from(state.servers_started > 0));
        state.servers_started += 1;
        let number = state.servers_started;
        let ended = {
            let launcher = myself.clone();
            // A launcher that is gone needs no news.
            Box::new(move |stderr| drop(launcher.cast(Message::Ended { server: number, stderr })))
        };
        let process = Arc::new(OnceLock::new());
        let start = Start {
            control: theirs,
            python: python.clone(),
            sdk: self.sdk.clone(),
            process: Arc::clone(&process),
            ended,
        };
        state.thread.try_send(start).map_err(|error| io::Error::other(error.to_string()))?;

        let launcher = myself.clone();
        let packets = Arc::clone(&control);
        let reader = tokio::spawn(async move {
            while let Ok(Some(packet)) = packets.receive().await {
                if launcher.cast(Message::Received { server: number, packet }).is_err() {
                    return;
                }
            }
            drop(launcher.cast(Message::Closed { server: number }));
        })
        .abort_handle();
        state.server = Some(Server { number, control, process, reader, layers: None });
        Ok(())
    }

    fn received(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        packet: Packet,
    ) -> Result<(), serde_json::Error> {
        match serde_json::from_slice(&packet.bytes)? {
            Reply::Ready { python, layers, missing } => {
                tracing::debug!(python, ?layers, ?missing, "the fork server is ready");
                let layers = Layers { layers: layers.into(), missing: missing.into() };
                state.warn_of(&layers);
                self.known.learn(layers.clone());
                if let Some(server) = &mut state.server {
                    server.layers = Some(layers);
                }
                state.tell_layers();
            }
            Reply::Spawned { id } => {
                if let (Some(pending), Some(pidfd)) = (state.pending.remove(&id), packet.descriptor) {
                    let pid = number_of(&pidfd);
                    let (exited, exit) = oneshot::channel();
                    state.running.insert(id, Running { pid, pidfd, exited });
                    let layers = state.server.as_ref().and_then(|server| server.layers.clone());
                    let process = Process {
                        id,
                        pid,
                        stream: Some(pending.stream),
                        exited: Some(exit),
                        layers: layers.unwrap_or_default(),
                        launcher: myself.clone(),
                    };
                    let missing = process.layers.missing_in_words();
                    // Nobody waits any more, or nobody may have it: dropping the process kills it.
                    answer(
                        pending.reply,
                        match missing {
                            Some(missing) if self.sandbox.is_required => {
                                Err(LaunchError::Unconfined(missing))
                            }
                            _ => Ok(process),
                        },
                    );
                }
            }
            Reply::Failed { id, message } => {
                if let Some(pending) = state.pending.remove(&id) {
                    answer(pending.reply, Err(LaunchError::Fork(message)));
                }
            }
            Reply::Probed { layers } => {
                if !state.probes.is_empty() {
                    drop(state.probes.remove(0).send(Ok(layers)));
                }
            }
            Reply::Exited { id, status } => {
                if let Some(running) = state.running.remove(&id) {
                    // Who held it may have gone.
                    running.exited.send(Some(status)).ok();
                }
            }
        }
        Ok(())
    }
}

impl State {
    fn is_current(&self, server: u64) -> bool {
        self.server.as_ref().is_some_and(|current| current.number == server)
    }

    async fn spawn(&mut self, spawn: &Spawn, reply: RpcReplyPort<Result<Process, LaunchError>>) {
        let id = self.next_id;
        self.next_id += 1;
        let (ours, theirs) = match pair() {
            Ok(pair) => pair,
            Err(error) => return answer(reply, Err(LaunchError::Fork(error.to_string()))),
        };
        match self.send_spawn(id, spawn, &theirs).await {
            Err(error) if !is_gone(&error) => answer(reply, Err(LaunchError::Fork(error.to_string()))),
            // A fork server that is gone has had a last word, which comes with its end.
            _ => {
                let server = self.servers_started;
                self.pending.insert(id, Pending { server, ticks: 0, reply, stream: ours });
            }
        }
    }

    async fn send_spawn(&self, id: u64, spawn: &Spawn, theirs: &StdStream) -> io::Result<()> {
        let control = &self.server.as_ref().ok_or_else(|| io::Error::other("no fork server"))?.control;
        tell(control, &Request::spawn(id, spawn)?, Some(theirs.as_fd())).await
    }

    async fn probe(&mut self, reply: RpcReplyPort<Result<Vec<LayerLook>, LaunchError>>) {
        let Some(server) = &self.server else { return };
        match tell(&server.control, &Request::Probe {}, None).await {
            Ok(()) => self.probes.push(reply),
            Err(error) => drop(reply.send(Err(LaunchError::Fork(error.to_string())))),
        }
    }

    fn watch(&mut self, myself: &ActorRef<Message>) {
        if !self.is_watching && !self.pending.is_empty() {
            self.is_watching = true;
            myself.send_after(TICK, || Message::Tick);
        }
    }

    /// Ends the fork server if it stands still. `Ended` follows, and the next request starts another one.
    fn tick(&mut self) {
        let Some(server) = &self.server else { return };
        let mut stands_still = false;
        for pending in self.pending.values_mut().filter(|pending| pending.server == server.number) {
            pending.ticks += 1;
            stands_still |= pending.ticks > TICKS_MAX;
        }
        if stands_still && let Some(process) = server.process.get() {
            tracing::error!(
                "the fork server does not answer; it is ended, and the next request starts another one"
            );
            self.given_up = Some(server.number);
            // One that has just ended says so.
            pidfd_send_signal(process, UnixSignal::KILL).ok();
        }
    }

    async fn signal(&self, id: u64, signal: Signal) {
        let (Some(server), true) = (&self.server, self.running.contains_key(&id)) else {
            return;
        };
        let request = Request::Signal { id, signal: signal.number() };
        if let Err(error) = tell(&server.control, &request, None).await {
            // The fork server is going, and its children with it; `Closed` follows.
            tracing::warn!(%error, id, "a signal did not reach the fork server");
        }
    }

    /// Answers who wants to know, once it is known.
    fn tell_layers(&mut self) {
        if let Some(layers) = self.server.as_ref().and_then(|server| server.layers.as_ref()) {
            for reply in self.curious.drain(..) {
                drop(reply.send(Ok(layers.clone())));
            }
        }
    }

    fn warn_of(&mut self, layers: &Layers) {
        if let Some(missing) = layers.missing_in_words()
            && !std::mem::replace(&mut self.has_warned, true)
        {
            tracing::warn!(
                "plays are confined by less than there is: {missing}; `hero_logic doctor` says more"
            );
        }
    }

    /// The fork server has gone and cannot tell exits: the kernel kills its children, we kill their groups, and the
    /// pidfds say when they are dead.
    fn give_up_children(&mut self) {
        for (_, running) in self.running.drain() {
            tokio::task::spawn_blocking(move || {
                kill_group(running.pid);
                let mut polled = [PollFd::new(&running.pidfd, PollFlags::IN)];
                if let Err(error) = poll(&mut polled, None) {
                    tracing::warn!(%error, pid = running.pid, "the end of a child could not be seen");
                }
                // Who held it may have gone.
                running.exited.send(None).ok();
            });
        }
    }

    /// What this fork server was asked for and has not done, nobody does; the next one has requests of its own.
    fn fail_pending(&mut self, server: u64, stderr: &str) {
        let last_word = stderr.lines().last().unwrap_or("it ended without a word");
        let reason =
            if self.given_up == Some(server) { "it did not answer, and was ended" } else { last_word };
        for (_, pending) in self.pending.extract_if(|_, pending| pending.server == server) {
            answer(pending.reply, Err(LaunchError::ForkServer(reason.to_owned())));
        }
        if self.server.is_none() {
            for reply in self.curious.drain(..) {
                drop(reply.send(Err(LaunchError::ForkServer(reason.to_owned()))));
            }
            for reply in self.probes.drain(..) {
                drop(reply.send(Err(LaunchError::ForkServer(reason.to_owned()))));
            }
        }
    }
}

/// A span socket: our end, and the child's.
fn pair() -> io::Result<(UnixStream, StdStream)> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs))
}

async fn tell(
    control: &Control,
    request: &Request<'_>,
    descriptor: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    control.send(&request.to_bytes()?, descriptor).await
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

fn kill_group(pid: u32) {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, UnixSignal::KILL)
    {
        // Usually there is nobody left.
        tracing::debug!(%error, pid, "no group was killed");
    }
}

fn answer(reply: RpcReplyPort<Result<Process, LaunchError>>, result: Result<Process, LaunchError>) {
    // Whoever asked may have given up; a process that nobody takes is dropped, which kills it.
    drop(reply.send(result));
}
