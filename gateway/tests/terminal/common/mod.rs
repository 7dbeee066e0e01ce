//! The binary on a pseudo-terminal: keys in, a screen out.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::Child,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty},
};

/// Longer than anything here takes on a busy machine; only a hanging test waits so long.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Reads that may wait to be looked at. A reader that is faster than the test stops there.
const READS_MAX: usize = 1024;

/// A home and a working directory of their own, removed at the end.
pub(crate) struct Home {
    directory: tempfile::TempDir,
    is_served: bool,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), is_served: false }
    }

    /// One whose commands share a server, which ends with it.
    pub(crate) fn served() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), is_served: true }
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file of the working directory.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Starts `hero_logic` on a terminal of this size.
    pub(crate) fn start(&self, arguments: &[&str], rows: u16, columns: u16) -> Session {
        self.start_as("xterm-256color", arguments, rows, columns)
    }

    /// Starts `hero_logic` on a terminal of this kind and size.
    pub(crate) fn start_as(&self, kind: &str, arguments: &[&str], rows: u16, columns: u16) -> Session {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_hero_logic"));
        let command = if self.is_served {
            command.env_remove("HERO_LOGIC_EMBEDDED")
        } else {
            command.env("HERO_LOGIC_EMBEDDED", "1")
        };
        let child = command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HERO_HOME", self.path("home"))
            .env("TERM", kind)
            .env_remove("NO_COLOR")
            .env_remove("HERO_LOGIC_FAILPOINT")
            .env_remove("HERO_CONFIG")
            .spawn(pts)
            .unwrap();
        Session::new(pty, child, rows, columns)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.is_served {
            self.start(&["--stop"], 24, 80).end();
        }
    }
}

/// A listener in front of the server of a home, which passes everything on up to a call of this method. Then it is
/// silent.
pub(crate) struct Silence {
    /// Where it listens.
    pub(crate) path: PathBuf,
    reached: Receiver<()>,
}

impl Silence {
    /// It listens when this returns.
    pub(crate) fn before(home: &Home, method: &'static str) -> Self {
        let server = home.path("home/hero/var/sockets/hero_logic/rpc.sock");
        let path = home.path(&format!("{method}.sock"));
        let listener = UnixListener::bind(&path).unwrap();
        let (sender, reached) = sync_channel(1);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&server).unwrap());
                let (mut answers, mut asks) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut answers, &mut asks));
                let sender = sender.clone();
                thread::spawn(move || pass(client, server, || sender.send(()).unwrap(), method));
            }
        });
        Self { path, reached }
    }

    /// Returns when the method has been called.
    pub(crate) fn wait(&self) {
        self.reached.recv_timeout(WAIT_MAX).unwrap();
    }
}

/// Passes on what is asked, and nothing more once this has been asked for. It ends with the one who asks.
fn pass(mut client: UnixStream, mut server: UnixStream, reached: impl FnOnce(), method: &str) {
    let mut asked = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        asked.extend_from_slice(&buffer[..count]);
        if String::from_utf8_lossy(&asked).contains(method) {
            reached();
            drop(std::io::copy(&mut client, &mut std::io::sink()));
            return;
        }
        server.write_all(&buffer[..count]).unwrap();
    }
}

/// A program on a terminal.
pub(crate) struct Session {
    pty: Arc<Pty>,
    child: Child,
    reads: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    /// All bytes that came.
    bytes: Vec<u8>,
    /// The program has ended and all bytes were read.
    is_over: bool,
}

impl Session {
    fn new(pty: Pty, child: Child, rows: u16, columns: u16) -> Self {
        let pty = Arc::new(pty);
        let (sender, reads) = sync_channel(READS_MAX);
        let reader = Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The terminal gives an error once the last program that had it open is gone.
            while let Ok(count @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let terminal = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 1000);
        Self { pty, child, reads, terminal, bytes: Vec::new(), is_over: false }
    }

    /// What the terminal shows.
    pub(crate) fn screen(&self) -> String {
        self.terminal.screen().contents()
    }

    /// All bytes that came, as text.
    pub(crate) fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn wait_until(&mut self, what: &str, is_as_wanted: impl Fn(&str) -> bool) {
        let deadline = now() + WAIT_MAX;
        while !is_as_wanted(&self.screen()) {
            assert!(self.read(deadline, what), "it ended before {what}:\n{}", self.screen());
        }
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.terminal.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Waits for the end and gives the exit code.
    pub(crate) fn end(&mut self) -> i32 {
        let deadline = now() + WAIT_MAX;
        while !self.is_over {
            self.read(deadline, "the end");
        }
        self.child.wait().unwrap().code().unwrap()
    }

    /// The process, to be signalled.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Takes the next bytes in; false when there will be none.
    fn read(&mut self, deadline: Instant, what: &str) -> bool {
        match self.reads.recv_timeout(deadline.saturating_duration_since(now())) {
            Ok(bytes) => {
                self.terminal.process(&bytes);
                self.bytes.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.is_over = true;
                false
            }
            Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}:\n{}", self.screen()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that failed leaves no program behind; of one that ended there is nothing to kill.
        if self.child.kill().is_ok() {
            self.child.wait().unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit for tests that hang")]
fn now() -> Instant {
    Instant::now()
}
