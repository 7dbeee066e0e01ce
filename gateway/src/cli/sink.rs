//! A stream that several parts write to: the view, warnings, the report.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// A shared writer; each write is one write of the stream beneath.
#[derive(Clone)]
pub(crate) struct Sink(Arc<Mutex<dyn Write + Send>>);

impl Sink {
    /// Shares `writer`.
    pub(crate) fn of(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Writes text. False when the stream no longer takes any.
    pub(crate) fn print(&mut self, text: &str) -> bool {
        self.write_all(text.as_bytes()).and_then(|()| self.flush()).is_ok()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A writer that panicked has written what it had; there is no state to be broken.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}
