//! A named pipe at which a flow and a test meet: the flow stops where it opens the pipe to read, the test sees that
//! it has come there, acts, and lets it go on.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{sys::stat::Mode, unistd::mkfifo};

/// The longest that a flow may take to come to the gate.
const ARRIVAL_TIME_MAX: Duration = Duration::from_secs(30);

/// Where a flow stops.
#[derive(Debug)]
pub struct Gate {
    path: PathBuf,
}

/// A flow that stands at the gate, blocked. It goes on when this is opened or dropped.
#[derive(Debug)]
pub struct Arrived {
    pipe: File,
}

impl Gate {
    /// Makes the named pipe.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a new file in a directory of ours");
        Self { path }
    }

    /// The pipe, for the flow's input.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until a flow stands at the gate: opening a pipe to write blocks until somebody opens it to read.
    #[track_caller]
    pub fn arrival(&self) -> Arrived {
        let (opened, has_opened) = mpsc::sync_channel(1);
        let path = self.path.clone();
        thread::spawn(move || opened.send(OpenOptions::new().write(true).open(path)));
        let pipe = has_opened.recv_timeout(ARRIVAL_TIME_MAX).expect("the flow comes to the gate");
        Arrived { pipe: pipe.expect("a pipe of ours") }
    }
}

impl Arrived {
    /// Lets the flow go on with this text.
    pub fn open(mut self, text: &str) {
        self.pipe.write_all(text.as_bytes()).expect("the flow reads");
    }
}
