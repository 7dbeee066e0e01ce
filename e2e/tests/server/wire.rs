//! HTTP as bytes: requests as no well-meaning client writes them, and all that comes until the server closes.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    time::Duration,
};

use hero_e2e::Served;

/// Far more than any answer takes.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// A connection of either kind.
pub(crate) trait Stream: Read + Write {
    /// Says that no more will be sent.
    fn end_sending(&self) -> io::Result<()>;
}

impl Stream for UnixStream {
    fn end_sending(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Stream for TcpStream {
    fn end_sending(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Connects to the socket of a server.
pub(crate) fn connect(served: &Served) -> UnixStream {
    let stream = UnixStream::connect(served.socket()).unwrap();
    stream.set_read_timeout(Some(READ_LIMIT)).unwrap();
    stream
}

/// Connects to a server on TCP.
pub(crate) fn connect_tcp(authority: &str) -> TcpStream {
    let stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(READ_LIMIT)).unwrap();
    stream
}

/// Sends bytes and nothing after them, and gives everything that comes until the server closes.
pub(crate) fn exchange(mut stream: impl Stream, request: impl AsRef<[u8]>) -> String {
    // One that is refused in its middle need not be read to its end.
    drop(stream.write_all(request.as_ref()).and_then(|()| stream.end_sending()));
    rest(stream)
}

/// Everything that comes until the server closes.
pub(crate) fn rest(mut stream: impl Read) -> String {
    let mut answer = Vec::new();
    // Whoever is refused in the middle of what he sends may be reset behind the answer.
    let ended = stream.read_to_end(&mut answer);
    assert!(ended.is_ok() || !answer.is_empty(), "{ended:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers, in order.
pub(crate) fn statuses(answer: &str) -> Vec<u16> {
    let heads = answer.split("HTTP/1.1 ").skip(1);
    heads
        .map(|head| head.get(..3).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head}")))
        .collect()
}

/// The status of the only answer.
#[track_caller]
pub(crate) fn status(answer: &str) -> u16 {
    let [status] = statuses(answer)[..] else { panic!("one answer, not {answer:?}") };
    status
}

/// The number of kB that a process has in memory.
pub(crate) fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
