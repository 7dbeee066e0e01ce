//! A process of Python that tests look at from outside.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// What each may call: `stay` until the test has looked, and `end_first_thread`, so that others only are left.
const BEFORE: &str = "
import ctypes, mmap, os, platform, sys, threading
libc = ctypes.CDLL(None)

def stay():
    sys.stdin.read()
    os._exit(0)

def say_and_stay():
    print(flush=True)
    stay()

def stay_without_the_first():
    while open('/proc/self/stat').read().rpartition(')')[2].split()[0] != 'Z':
        pass
    say_and_stay()

def end_first_thread():
    threading.Thread(target=stay_without_the_first).start()
    libc.syscall(60 if platform.machine() == 'x86_64' else 93, 0)
";

/// It leads a session, and ends when this is dropped.
pub(super) struct Subject(Child);

impl Subject {
    /// Runs this, and waits until it is done and stays.
    #[expect(clippy::disallowed_methods, reason = "what is measured has to be there")]
    #[track_caller]
    pub(super) fn run(source: &str) -> Self {
        let mut child = Command::new("setsid")
            .args(["python3", "-c", &format!("{BEFORE}\n{source}\nsay_and_stay()\n")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "\n", "it is ready");
        Self(child)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}
