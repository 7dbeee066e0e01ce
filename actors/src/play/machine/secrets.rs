//! What keeps the values of secrets out of a play: every frame goes through here first.

use std::sync::Arc;

use hero_sdk::{
    Json,
    frame::{Log, Up},
    model::{PlayError, Status},
};

use super::Machine;
use crate::{
    play::{effect::Effect, event::Now},
    secrets::{InPath, Redactor, Screen},
};

impl Machine {
    /// From now on the values that this redactor knows are kept out.
    pub(crate) fn keep_out(&mut self, redactor: Option<Arc<Redactor>>) {
        self.screen = redactor.map(Screen::new);
    }

    /// What the process says, without values.
    pub(super) fn screened(&mut self, frame: Up, now: Now) -> Vec<Effect> {
        let Some(screen) = &mut self.screen else { return self.received(frame, now) };
        match screen.admit(frame, now) {
            Ok(frames) if frames.is_empty() => vec![Effect::FlushSoon],
            Ok(frames) => frames.into_iter().flat_map(|(frame, at)| self.received(frame, at)).collect(),
            Err(InPath(name)) => self.secret_in_path(&name, now),
        }
    }

    /// Keeps the lines that were held back for long enough.
    pub(super) fn let_overdue_go(&mut self, now: Now) -> Vec<Effect> {
        let Some(screen) = &mut self.screen else { return Vec::new() };
        let (lines, holds) = (screen.overdue(now), screen.holds());
        self.keep_lines(lines);
        if holds { vec![Effect::FlushSoon] } else { Vec::new() }
    }

    /// Keeps everything that was held back: nothing more comes.
    pub(super) fn let_all_go(&mut self) {
        let lines = self.screen.as_mut().map(Screen::release).unwrap_or_default();
        self.keep_lines(lines);
    }

    /// A text for people.
    pub(super) fn without_values(&self, text: String) -> String {
        match &self.screen {
            Some(screen) => screen.text(&text),
            None => text,
        }
    }

    /// Outputs, which nothing but people and programs outside will read.
    pub(super) fn shown(&self, json: Json) -> Json {
        match &self.screen {
            Some(screen) => screen.shown(&json),
            None => json,
        }
    }

    /// JSON that the flow will get back.
    pub(super) fn kept(&self, json: Json) -> Json {
        match &self.screen {
            Some(screen) => screen.kept(&json),
            None => json,
        }
    }

    /// The same as the flow gets it. Of an earlier value it gets what stands in its place; the next attempt says so.
    pub(super) fn revealed(&self, json: Json) -> Json {
        match self.screen.as_ref().map(|screen| screen.reveal(&json)) {
            Some(Ok(revealed)) => revealed,
            Some(Err(_)) | None => json,
        }
    }

    fn keep_lines(&mut self, lines: Vec<(Log, Now)>) {
        for (line, at) in lines {
            let id = Some(line.id).filter(|id| *id != 0);
            self.tree.log(id, line.level, line.stream, &line.text, self.row.play.attempt, at);
        }
    }

    fn secret_in_path(&mut self, name: &str, now: Now) -> Vec<Effect> {
        let error = PlayError {
            code: "secret_in_path".to_owned(),
            message: format!("the name or the key of a step holds the value of the secret {name}"),
            hint: Some(
                "name a step, and give its key=, without the secret: both are kept as they are".to_owned(),
            ),
            ..PlayError::default()
        };
        let kill = vec![Effect::Kill { attempt: self.row.play.attempt }];
        self.finish(Status::Failed, Some(error), kill, now)
    }
}
