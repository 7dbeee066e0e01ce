//! A launcher for tests: its processes are sockets that a test holds, and end when the test says so.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::{Layers, Message, Process, Signal};

/// A process from its own side.
pub(crate) struct Child {
    pub(crate) id: u64,
    pub(crate) stream: UnixStream,
    exited: oneshot::Sender<Option<i32>>,
}

impl Child {
    /// Says lines.
    pub(crate) fn say(&mut self, lines: &[&str]) {
        for line in lines {
            self.stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }

    /// Waits for a line from the runtime; none when its end is closed.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        // One byte at a time, so that nothing is read ahead and lost.
        let read = BufReader::with_capacity(1, &self.stream).read_line(&mut line).unwrap();
        (read > 0).then_some(line)
    }

    /// Ends as the launcher sees it; the socket stays open with whoever holds it.
    pub(crate) fn end(self, status: i32) -> UnixStream {
        self.exited.send(Some(status)).unwrap();
        self.stream
    }
}

/// What has come to it.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    children: Arc<Mutex<Vec<Child>>>,
    signals: Arc<Mutex<Vec<(u64, Signal)>>>,
}

impl Seen {
    /// The process that was started last and not taken yet.
    pub(crate) fn take(&self) -> Option<Child> {
        self.children.lock().unwrap().pop()
    }

    /// How many were started and not taken yet.
    pub(crate) fn count(&self) -> usize {
        self.children.lock().unwrap().len()
    }

    /// Signals for the process of this number.
    pub(crate) fn signals(&self, id: u64) -> Vec<Signal> {
        let signals = self.signals.lock().unwrap();
        signals.iter().filter(|(to, _)| *to == id).map(|(_, signal)| *signal).collect()
    }
}

/// The actor.
pub(crate) struct FakeLauncher(pub(crate) Seen);

impl Actor for FakeLauncher {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        last: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Spawn { reply, .. } => {
                *last += 1;
                let (ours, theirs) = UnixStream::pair()?;
                ours.set_nonblocking(true)?;
                let (exited, exit) = oneshot::channel();
                self.0.children.lock().unwrap().push(Child { id: *last, stream: theirs, exited });
                let process = Process {
                    id: *last,
                    pid: u32::MAX, // nobody has it
                    stream: Some(tokio::net::UnixStream::from_std(ours)?),
                    exited: Some(exit),
                    layers: Layers::default(),
                    launcher: myself,
                };
                drop(reply.send(Ok(process)));
            }
            Message::Layers { reply } => drop(reply.send(Ok(Layers::default()))),
            Message::Probe { reply } => drop(reply.send(Ok(Vec::new()))),
            Message::Signal { id, signal } => self.0.signals.lock().unwrap().push((id, signal)),
            Message::Tick | Message::Received { .. } | Message::Closed { .. } | Message::Ended { .. } => {}
        }
        Ok(())
    }
}
