//! What a flow asks of the library: to search it, to save a source, to choose a version. One after the other; the answer is
//! an outcome of the step that asks, so nothing is kept of it here.

use hero_sdk::{
    Error, ErrorCode, Json,
    frame::{AskLibrary, Down},
};

use super::Machine;
use crate::play::{
    effect::{Durable, Effect},
    event::Now,
};

/// Questions of one process that wait. Each of its threads waits for one, and nobody has so many.
const ASKED_MAX: usize = 1_000;
/// Sources that one process may save: a loop without end must not fill the library of everybody.
const SAVED_MAX: u32 = 100;

impl Machine {
    /// The process asks something of the library.
    pub(super) fn ask_library(&mut self, frame: AskLibrary, now: Now) -> Vec<Effect> {
        let n = frame.n;
        if let Err(misfit) = self.tree.get(frame.id) {
            return self.refuse(Some(n), misfit.code(), &misfit.to_string(), now);
        }
        if self.library_asks.len() >= ASKED_MAX {
            let error =
                Error::new(ErrorCode::Busy, format!("{ASKED_MAX} questions to the library wait already"));
            return self.library_refused(n, error);
        }
        if frame.ask == "save" {
            self.library_saves += 1;
            if self.library_saves > SAVED_MAX {
                let error =
                    Error::new(ErrorCode::Busy, format!("a process saves at most {SAVED_MAX} sources")).hint(
                        "save what is to be run again, and give the rest back as an output or an artifact",
                    );
                return self.library_refused(n, error);
            }
        }
        self.library_asks.push_back(frame);
        if self.library_asks.len() == 1 { self.ask_first() } else { Vec::new() }
    }

    /// The first of the questions is answered, or cannot be; the next one follows.
    pub(super) fn library_answered(&mut self, result: Result<Json, Error>) -> Vec<Effect> {
        let Some(AskLibrary { n, .. }) = self.library_asks.pop_front() else { return Vec::new() };
        let mut effects = match result {
            Ok(result) => {
                let told = self.send(Down::LibraryResult { n, result });
                vec![self.commit(Durable::Later, vec![told])]
            }
            // Nothing is known, and a failure would be recorded: the next attempt asks again.
            Err(Error { code: ErrorCode::ShuttingDown | ErrorCode::Timeout, .. }) => {
                return vec![Effect::Kill { attempt: self.row.play.attempt }];
            }
            Err(error) => self.library_refused(n, error),
        };
        effects.extend(self.ask_first());
        effects
    }

    fn library_refused(&mut self, n: u64, error: Error) -> Vec<Effect> {
        let Error { code, message, hint, .. } = error;
        let refused = self.send(Down::LibraryError { n, code: code.as_str().to_owned(), message, hint });
        vec![self.commit(Durable::Later, vec![refused])]
    }

    fn ask_first(&self) -> Vec<Effect> {
        let Some(AskLibrary { ask, params, .. }) = self.library_asks.front() else { return Vec::new() };
        let (attempt, ask, params) = (self.row.play.attempt, ask.clone(), params.clone());
        vec![Effect::AskLibrary { attempt, ask, params }]
    }
}
