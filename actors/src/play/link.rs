//! The span socket of one process: one task reads frames and writes what did not fit at once.
//!
//! Frames go to the play in batches that carry a permit. When the permits are used up the task stops reading, and
//! Python blocks in its write: that is the back-pressure.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hero_sdk::frame::{Down, Head, LINE_BYTES_MAX, Up};
use ractor::ActorRef;
use tokio::{
    net::UnixStream,
    sync::{Notify, Semaphore, oneshot},
};

use super::{Message, event::Garbled};

/// Batches that a play may have unread. Each holds at most one read's worth of frames.
const BATCHES_MAX: usize = 16;
/// Bytes of one read.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that may wait for a process that does not read. Beyond it the process is given up: it asks and never listens.
const UNREAD_BYTES_MAX: usize = 8 << 20;

/// The way down to the process. Cheap to clone; usable from any thread.
#[derive(Clone, Debug)]
pub(crate) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    stream: UnixStream,
    unsent: Mutex<Unsent>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// The first frame may be as large as the frontier is.
    allowance: usize,
}

impl Link {
    /// Takes the socket, says `first`, and hands whatever comes to the play, stamped with the attempt.
    ///
    /// When the process is gone (`exited`), what it had written before is still read; then `Exited` follows.
    pub(crate) fn open(
        stream: UnixStream,
        attempt: u32,
        first: &str,
        exited: oneshot::Receiver<Option<i32>>,
        play: ActorRef<Message>,
    ) -> Self {
        let shared = Shared { stream, unsent: Mutex::default(), more: Notify::new() };
        let link = Self(Arc::new(shared));
        link.lock().allowance = first.len();
        link.send_line(first);
        tokio::spawn(run(link.clone(), attempt, exited, play));
        link
    }

    /// Sends a frame, at once where the socket takes it.
    pub(crate) fn send(&self, frame: &Down) {
        self.send_line(&frame.to_line());
    }

    fn send_line(&self, line: &str) {
        let mut unsent = self.lock();
        unsent.bytes.extend_from_slice(line.as_bytes());
        // An error means that the process is gone or going; its exit says so.
        if unsent.write_to(&self.0.stream).is_ok() && !unsent.bytes.is_empty() {
            self.0.more.notify_one();
        }
    }

    fn is_drowned(&self) -> bool {
        let unsent = self.lock();
        unsent.bytes.len() > unsent.allowance + UNREAD_BYTES_MAX
    }

    async fn write_rest(&self) {
        loop {
            self.0.more.notified().await;
            loop {
                if self.0.stream.writable().await.is_err() {
                    return;
                }
                let mut unsent = self.lock();
                if unsent.write_to(&self.0.stream).is_err() {
                    return;
                }
                if unsent.bytes.is_empty() {
                    break;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Unsent> {
        self.0.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsent {
    fn write_to(&mut self, stream: &UnixStream) -> io::Result<()> {
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match stream.try_write(rest) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }
}

async fn run(link: Link, attempt: u32, mut exited: oneshot::Receiver<Option<i32>>, play: ActorRef<Message>) {
    let permits = Arc::new(Semaphore::new(BATCHES_MAX));
    let mut lines = Lines::default();
    let reading = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            if link.0.stream.readable().await.is_err() {
                return;
            }
            let read = lines.read_from(&link.0.stream);
            let frames = lines.take();
            if link.is_drowned() || matches!(read, Read::Overflow) {
                drop(play.cast(Message::Overflowed { attempt }));
                return;
            }
            if !frames.is_empty()
                && play.cast(Message::Received { attempt, frames, permit: Some(permit) }).is_err()
            {
                return;
            }
            if matches!(read, Read::Closed) {
                return;
            }
        }
    };
    let status = tokio::select! {
        // Reading may end first; then only the exit is waited for.
        () = async { tokio::join!(reading, link.write_rest()); } => (&mut exited).await,
        status = &mut exited => status,
    };
    // What the process wrote before its end still counts; what somebody who has its socket writes after that does not,
    // or a daemon that goes on writing would keep the play from going on.
    let unread = rustix::io::ioctl_fionread(&link.0.stream).unwrap_or(0);
    for _ in 0..unread.div_ceil(READ_BYTES as u64) {
        if !matches!(lines.read_from(&link.0.stream), Read::Some) {
            break;
        }
        let frames = lines.take();
        if !frames.is_empty() {
            drop(play.cast(Message::Received { attempt, frames, permit: None }));
        }
    }
    // A launcher that went away has killed the process.
    drop(play.cast(Message::Exited { attempt, status: status.ok().flatten() }));
}

enum Read {
    Some,
    WouldBlock,
    Closed,
    Overflow,
}

/// Splits what is read into lines, and parses them.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    frames: Vec<Result<Up, Garbled>>,
}

impl Lines {
    fn read_from(&mut self, stream: &UnixStream) -> Read {
        let start = self.buffer.len();
        self.buffer.reserve(READ_BYTES);
        match stream.try_read_buf(&mut self.buffer) {
            Ok(0) => Read::Closed,
            Ok(_) => self.split(start),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Read::WouldBlock,
            Err(_) => Read::Closed,
        }
    }

    /// Parses the lines that ended in what was just read, from `start` on.
    fn split(&mut self, start: usize) -> Read {
        let mut done = 0;
        let mut search = start;
        while let Some(length) =
            self.buffer.get(search..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let end = search + length;
            if end - done >= LINE_BYTES_MAX {
                return Read::Overflow;
            }
            self.frames.push(parse(self.buffer.get(done..end).unwrap_or_default()));
            done = end + 1;
            search = done;
        }
        self.buffer.drain(..done);
        if self.buffer.len() >= LINE_BYTES_MAX { Read::Overflow } else { Read::Some }
    }

    fn take(&mut self) -> Vec<Result<Up, Garbled>> {
        std::mem::take(&mut self.frames)
    }
}

fn parse(line: &[u8]) -> Result<Up, Garbled> {
    let text = std::str::from_utf8(line)
        .map_err(|error| Garbled { reason: error.to_string(), ..Garbled::default() })?;
    Up::parse(text).map_err(|refusal| {
        let head = Head::parse(text);
        Garbled {
            reason: refusal.to_string(),
            n: head.as_ref().and_then(|head| head.n),
            is_done: head.is_some_and(|head| head.t == "done"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_a_frame_keeps_its_number() {
        let deep = |kind: &str| {
            let value = "[".repeat(70) + &"]".repeat(70);
            parse(format!(r#"{{"t":"{kind}","id":1,"status":"ok","value":{value},"n":7}}"#).as_bytes())
        };
        let what =
            |line: Result<Up, Garbled>| line.map_err(|garbled| (garbled.n, garbled.is_done)).unwrap_err();
        assert_eq!(what(deep("end")), (Some(7), false));
        assert_eq!(what(deep("done")), (Some(7), true));
        assert_eq!(what(parse(b"\xff")), (None, false));
        assert_eq!(what(parse(b"garbage")), (None, false));
    }
}
