//! What a play's process says, without the values of its secrets. Pure: no I/O, no clock.
//!
//! Lines of text are looked at together: while the last of a stream ends with what may be the beginning of a value, it
//! is held back until the next shows what it is.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use hero_sdk::{
    Json,
    frame::{Log, Up},
    model::{LogStream, PlayError},
};

use super::redactor::{BEGINNING_BYTES_MIN, Changed, Piece, Redactor, Style, Syntax};
use crate::play::Now;

/// How long a line is held back at most: somebody may watch.
const HELD_US_MAX: u64 = 1_000_000;
/// Streams of which something is held back; beyond it the oldest goes.
const STREAMS_MAX: usize = 64;

/// The redactor of one attempt, and what it holds back.
pub(crate) struct Screen {
    redactor: Arc<Redactor>,
    /// Oldest first.
    held: Vec<Held>,
}

/// Lines of one stream of one node that may end with the beginning of a value.
struct Held {
    id: u64,
    stream: LogStream,
    /// The end of what was let go, where it may be the beginning of a value: what goes on with it is still found.
    told: String,
    lines: Vec<(Log, Now)>,
}

/// The path of a step holds a value: this secret's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InPath(pub(crate) String);

impl std::fmt::Debug for Screen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Screen").field("held", &self.held.len()).finish_non_exhaustive()
    }
}

impl Screen {
    pub(crate) fn new(redactor: Arc<Redactor>) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// What may be kept of a frame, after the lines that it lets go. The outputs in `done` are left as they are: they
    /// are checked first.
    pub(crate) fn admit(&mut self, frame: Up, now: Now) -> Result<Vec<(Up, Now)>, InPath> {
        let gone = match &frame {
            Up::Done(_) | Up::Park(_) => self.release(),
            Up::End(end) => {
                let id = end.id;
                let gone = self.let_go(|held| held.id == id);
                self.held.retain(|held| held.id != id);
                gone
            }
            _ => Vec::new(),
        };
        let (lines, frame) = match frame {
            Up::Log(line) => (self.line(line, now), None),
            other => (gone, Some(self.frame(other)?)),
        };
        let lines = lines.into_iter().map(|(line, at)| (Up::Log(line), at));
        Ok(lines.chain(frame.map(|frame| (frame, now))).collect())
    }

    /// The lines that have been held back for long enough.
    pub(crate) fn overdue(&mut self, now: Now) -> Vec<(Log, Now)> {
        let is_due = |(_, at): &(Log, Now)| now.monotonic_us.saturating_sub(at.monotonic_us) >= HELD_US_MAX;
        self.let_go(|held| held.lines.first().is_some_and(is_due))
    }

    /// Everything that is held back.
    pub(crate) fn release(&mut self) -> Vec<(Log, Now)> {
        self.let_go(|_| true)
    }

    /// True while something is held back.
    pub(crate) fn holds(&self) -> bool {
        self.held.iter().any(|held| !held.lines.is_empty())
    }

    /// A text for people.
    pub(crate) fn text(&self, text: &str) -> String {
        self.redactor.text(text).into_owned()
    }

    /// JSON for people.
    pub(crate) fn shown(&self, json: &Json) -> Json {
        self.redactor.shown(json)
    }

    /// JSON that the flow gets back.
    pub(crate) fn kept(&self, json: &Json) -> Json {
        self.redactor.kept(json)
    }

    /// The same as the flow gets it.
    pub(crate) fn reveal(&self, json: &Json) -> Result<Json, Changed> {
        let text = self.redactor.reveal(json.as_str())?;
        Ok(Json::parse(&text).unwrap_or_else(|_| Json::null()))
    }

    fn let_go(&mut self, goes: impl Fn(&Held) -> bool) -> Vec<(Log, Now)> {
        let mut gone = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            if goes(&held) {
                gone.extend(self.cleaned(&mut held));
            }
            self.hold(held);
        }
        gone
    }

    /// Adds a line to its stream; gives those of which nothing that follows can make a value.
    fn line(&mut self, line: Log, now: Now) -> Vec<(Log, Now)> {
        let (id, stream) = (line.id, line.stream);
        let mut held = match self.held.iter().position(|held| held.id == id && held.stream == stream) {
            Some(index) => self.held.remove(index),
            None => Held { id, stream, told: String::new(), lines: Vec::new() },
        };
        held.lines.push((line, now));
        let text = held.text();
        let beginning = self.redactor.beginning(&text, BEGINNING_BYTES_MIN);
        let mut gone = if beginning == text.len() {
            self.cleaned(&mut held)
        } else {
            let goes = held.places().iter().filter(|place| place.end < beginning).count();
            // What is found in front of what is held back may be split over both.
            let pieces = self.pieces(&text).into_iter().filter(|piece| piece.range.end <= beginning);
            self.replace(&mut held, &pieces.collect::<Vec<_>>());
            if beginning >= held.told.len() {
                held.told.clear();
            }
            let rest = held.lines.split_off(goes);
            std::mem::replace(&mut held.lines, rest)
        };
        self.hold(held);
        if self.held.len() > STREAMS_MAX {
            let least = self.held.iter().position(|held| held.lines.is_empty()).unwrap_or_default();
            let mut least = self.held.remove(least);
            gone.extend(self.cleaned(&mut least));
        }
        gone
    }

    fn hold(&mut self, held: Held) {
        if !held.lines.is_empty() || !held.told.is_empty() {
            self.held.push(held);
        }
    }

    /// Takes the lines, without values, also without those that are split over them.
    fn cleaned(&self, held: &mut Held) -> Vec<(Log, Now)> {
        let text = held.text();
        self.replace(held, &self.pieces(&text));
        let beginning = self.redactor.beginning(&text, 1);
        held.told = text.get(beginning..).unwrap_or_default().to_owned();
        std::mem::take(&mut held.lines)
    }

    fn pieces(&self, text: &str) -> Vec<Piece> {
        self.redactor.pieces(text.as_bytes(), Syntax::Text, Style::Shown)
    }

    /// Replaces pieces of the text of what is held.
    fn replace(&self, held: &mut Held, pieces: &[Piece]) {
        if pieces.is_empty() {
            return;
        }
        let places = held.places();
        for ((line, _), place) in held.lines.iter_mut().zip(places) {
            let is_within = |piece: &&Piece| place.start <= piece.range.start && piece.range.end <= place.end;
            let within: Vec<Piece> =
                pieces.iter().filter(is_within).map(|piece| piece.within(place.start)).collect();
            line.text = self.redactor.replaced(&line.text, &within, Style::Shown);
        }
    }

    fn frame(&self, frame: Up) -> Result<Up, InPath> {
        Ok(match frame {
            Up::Begin(mut begin) => {
                self.check_path(&begin.path)?;
                begin.name = self.text(&begin.name);
                begin.inputs = self.maybe(begin.inputs);
                begin.tags = self.tags(begin.tags);
                Up::Begin(begin)
            }
            Up::End(mut end) => {
                end.value = end.value.map(|value| self.kept(&value));
                end.preview = self.maybe(end.preview);
                end.error = end.error.map(|error| self.error(error));
                Up::End(end)
            }
            Up::Try(mut next) => {
                next.error = self.error(next.error);
                Up::Try(next)
            }
            Up::Record(mut record) => {
                self.check_path(&record.path)?;
                record.value = self.kept(&record.value);
                Up::Record(record)
            }
            Up::Tag(mut tag) => {
                tag.tags = self.tags(tag.tags);
                Up::Tag(tag)
            }
            // Its path is left: by that the file is found, and nothing keeps or shows it.
            Up::Artifact(mut artifact) => {
                artifact.name = self.text(&artifact.name);
                artifact.media_type = self.text(&artifact.media_type);
                Up::Artifact(artifact)
            }
            Up::Library(mut asked) => {
                asked.params = self.kept(&asked.params);
                Up::Library(asked)
            }
            Up::Pause(mut pause) => {
                self.check_path(&pause.path)?;
                pause.name = self.text(&pause.name);
                pause.question = self.maybe(pause.question);
                // Of one form in all of these and in the answer, so that a choice still is one of the choices.
                pause.schema = pause.schema.map(|schema| self.redactor.kept_schema(&schema));
                pause.ui = pause.ui.map(|ui| self.redactor.kept_schema(&ui));
                pause.default = pause.default.map(|default| self.kept(&default));
                Up::Pause(pause)
            }
            Up::Notice(mut notice) => {
                notice.code = self.text(&notice.code);
                notice.text = self.text(&notice.text);
                notice.paths = notice.paths.iter().map(|path| self.text(path)).collect();
                Up::Notice(notice)
            }
            Up::Done(mut done) => {
                done.error = done.error.map(|error| self.error(error));
                Up::Done(done)
            }
            // Nothing of these is text that is kept.
            Up::Hello(_)
            | Up::Described(_)
            | Up::Cost(_)
            | Up::Progress(_)
            | Up::Resolve(_)
            | Up::Park(_)
            | Up::Log(_) => frame,
        })
    }

    /// A path cannot be changed, since the flow asks for it again.
    fn check_path(&self, path: &str) -> Result<(), InPath> {
        match self.redactor.in_path(path) {
            Some(name) => Err(InPath(name.to_string())),
            None => Ok(()),
        }
    }

    fn maybe(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(&text))
    }

    fn tags(&self, tags: BTreeMap<String, Json>) -> BTreeMap<String, Json> {
        tags.iter().map(|(key, value)| (self.text(key), self.shown(value))).collect()
    }

    fn error(&self, error: PlayError) -> PlayError {
        let PlayError { code, kind, message, traceback, path, expected, actual, location, hint } = error;
        PlayError {
            code: self.text(&code),
            kind: self.maybe(kind),
            message: self.text(&message),
            traceback: self.maybe(traceback),
            path: self.maybe(path),
            expected: self.maybe(expected),
            actual: self.maybe(actual),
            location: self.maybe(location),
            hint: self.maybe(hint),
        }
    }
}

impl Held {
    /// Its lines, after what was told before.
    fn text(&self) -> String {
        let texts = self.lines.iter().map(|(line, _)| line.text.as_str());
        let told = Some(self.told.as_str()).filter(|told| !told.is_empty());
        told.into_iter().chain(texts).collect::<Vec<_>>().join("\n")
    }

    /// Where each line stands in the text.
    fn places(&self) -> Vec<Range<usize>> {
        let mut start = if self.told.is_empty() { 0 } else { self.told.len() + 1 };
        let place = |(line, _): &(Log, Now)| {
            let place = start..start + line.text.len();
            start = place.end + 1;
            place
        };
        self.lines.iter().map(place).collect()
    }
}
