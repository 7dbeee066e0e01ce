//! Finds the values of secrets in texts, in every form, and puts something else in their place. Pure: no I/O.
//!
//! A text for people gets `[secret NAME]`. JSON that a flow will get back gets a mark that says what stood there (see
//! `mark`), so that nothing of it is lost.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, Range},
};

use aho_corasick::{AhoCorasick, Input, MatchKind};
use hero_sdk::{Json, SecretName, SecretValue};

use super::{
    forms::{Form, forms},
    joined::{Joined, Space},
    json,
    mark::Mark,
    numbers::numbers,
    salt::{Salt, unsalted_tag},
    schema,
};

/// Bytes by which a form is looked for; the rest of it is compared. The automaton of a value of 64 KiB in all its
/// forms would take a hundred megabytes.
const NEEDLE_BYTES: usize = 32;
/// Bytes of a form that may be left at the end of a line, or of a text that was cut, before they count as its
/// beginning: fewer end many a line.
pub(super) const BEGINNING_BYTES_MIN: usize = 3;
/// With this `hero_tracing` ends a text that it has cut.
const CUT: &str = "…";

/// What is known of one play's secrets.
pub(crate) struct Redactor {
    secrets: Vec<Known>,
    forms: Vec<(usize, Form)>,
    /// What is a value where it stands as a number of JSON.
    numbers: Vec<(usize, Form)>,
    needles: AhoCorasick,
    /// For each needle the forms that may stand where it stands, the longest first.
    candidates: Vec<Vec<usize>>,
    shortest: usize,
    longest: usize,
}

struct Known {
    name: SecretName,
    value: SecretValue,
    tag: String,
    /// The tag in records of an earlier hero_logic, which are read and no longer written.
    unsalted_tag: String,
    /// It stands in the source of the flow, which is kept as it is.
    is_in_source: bool,
}

/// A part of a text that must not be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    form: usize,
    /// Which part of the form it is.
    part: Range<usize>,
}

impl Piece {
    /// The same piece of a text that begins later.
    pub(super) fn within(&self, start: usize) -> Self {
        Self { range: self.range.start - start..self.range.end - start, ..self.clone() }
    }
}

/// A record or an input holds a value that the secret of this name no longer has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed(pub(crate) String);

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Any text.
    Text,
    /// The inside of a string in the text of JSON, where half an escape is no character.
    Json,
}

/// Whether something else can be read from what replaces a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// For people: only which secret it was.
    Shown,
    /// For the flow: what stood there.
    Kept,
}

impl Redactor {
    /// For the values, at least one, of a play whose source this is.
    pub(crate) fn new(values: &BTreeMap<SecretName, SecretValue>, salt: &Salt, source: &str) -> Self {
        let secrets: Vec<Known> = values
            .iter()
            .map(|(name, value)| Known {
                name: name.clone(),
                tag: salt.tag(name, value),
                unsalted_tag: unsalted_tag(name, value),
                is_in_source: source.contains(value.expose()),
                value: value.clone(),
            })
            .collect();
        let mut all: Vec<(usize, Form)> = Vec::new();
        let mut all_numbers: Vec<(usize, Form)> = Vec::new();
        for (secret, known) in secrets.iter().enumerate() {
            all.extend(forms(known.value.expose()).into_iter().map(|form| (secret, form)));
            all_numbers.extend(numbers(known.value.expose()).into_iter().map(|form| (secret, form)));
        }
        let by_text: BTreeMap<&[u8], usize> =
            all.iter().enumerate().map(|(index, (_, form))| (form.text.as_bytes(), index)).rev().collect();
        let needles: BTreeSet<&[u8]> =
            by_text.keys().filter_map(|text| text.get(..NEEDLE_BYTES.min(text.len()))).collect();
        let candidates = needles
            .iter()
            .map(|needle| {
                let from = (Bound::Included(*needle), Bound::Unbounded);
                let longer = by_text.range::<[u8], _>(from).take_while(|(text, _)| text.starts_with(needle));
                let shorter =
                    (1..needle.len()).filter_map(|length| by_text.get_key_value(needle.get(..length)?));
                let mut fitting: Vec<(&&[u8], &usize)> = longer.chain(shorter).collect();
                fitting.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
                fitting.into_iter().map(|(_, index)| *index).collect()
            })
            .collect();
        let needles = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&needles)
            .expect("some thousands of short needles are within the limits of an automaton");
        let shortest = all.iter().map(|(_, form)| form.text.len()).min().unwrap_or_default();
        let longest = all.iter().map(|(_, form)| form.text.len()).max().unwrap_or_default();
        Self { secrets, forms: all, numbers: all_numbers, needles, candidates, shortest, longest }
    }

    /// A text for people, without the values.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let pieces = self.pieces(text.as_bytes(), Syntax::Text, Style::Shown);
        if pieces.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.replaced(text, &pieces, Style::Shown))
    }

    /// The same for text that is perhaps no UTF-8.
    pub(super) fn bytes(&self, text: &[u8]) -> Vec<u8> {
        let mut kept = Vec::with_capacity(text.len());
        let mut at = 0;
        for piece in self.pieces(text, Syntax::Text, Style::Shown) {
            kept.extend_from_slice(text.get(at..piece.range.start).unwrap_or_default());
            kept.extend_from_slice(self.mark(&piece, Style::Shown).as_bytes());
            at = piece.range.end;
        }
        kept.extend_from_slice(text.get(at..).unwrap_or_default());
        kept
    }

    /// JSON for people, without the values.
    pub(crate) fn shown(&self, json: &Json) -> Json {
        self.rewritten(json, Style::Shown)
    }

    /// JSON without the values, from which [`reveal`](Self::reveal) makes an equal one with them.
    pub(crate) fn kept(&self, json: &Json) -> Json {
        self.rewritten(json, Style::Kept)
    }

    /// The same for the schema of a question and its hints, whose own words stay.
    pub(crate) fn kept_schema(&self, json: &Json) -> Json {
        schema::kept(self, json)
    }

    /// The text of JSON as it was before it was [kept](Self::kept).
    pub(crate) fn reveal(&self, json: &str) -> Result<String, Changed> {
        let value_of = |mark: &Mark| {
            let changed = || Changed(mark.name.to_owned());
            let of_name = |(_, known): &(usize, &Known)| known.name.as_str() == mark.name;
            let (secret, known) = self.secrets.iter().enumerate().find(of_name).ok_or_else(changed)?;
            let of_form = |(of, form): &&(usize, Form)| *of == secret && form.name == mark.form;
            let (_, form) = self.forms.iter().chain(&self.numbers).find(of_form).ok_or_else(changed)?;
            let text = match mark.part.clone() {
                Some(part) => form.text.get(part),
                None => Some(form.text.as_str()),
            };
            text.filter(|_| known.tag == mark.tag || known.unsalted_tag == mark.tag).ok_or_else(changed)
        };
        json::revealed(json, value_of)
    }

    /// The name of a secret whose value stands in the path of a step, unless the flow's source has it anyway.
    pub(super) fn in_path(&self, path: &str) -> Option<&SecretName> {
        let pieces = self.pieces(path.as_bytes(), Syntax::Text, Style::Kept);
        let known = pieces.iter().filter_map(|piece| self.secret(piece.form));
        known.into_iter().find(|known| !known.is_in_source).map(|known| &known.name)
    }

    /// What of a text must not be kept, in order.
    pub(super) fn pieces(&self, text: &[u8], syntax: Syntax, style: Style) -> Vec<Piece> {
        if text.len() < self.shortest.min(BEGINNING_BYTES_MIN + CUT.len()) {
            return Vec::new();
        }
        let mut pieces: Vec<Piece> = self.matches(text, syntax, style).into_iter().flatten().collect();
        pieces.sort_by_key(|piece| piece.range.start);
        pieces
    }

    /// Where a text that goes on begins to be the beginning of a value, of which at least so many bytes are there: at
    /// the text's end where it does not.
    pub(super) fn beginning(&self, text: &str, bytes_min: usize) -> usize {
        let matches = self.matches(text.as_bytes(), Syntax::Text, Style::Shown);
        // Of a value that is there, however its lines belong together, no part is held back without the others.
        let is_within = |at: &usize| matches.iter().any(|pieces| is_between(pieces, *at));
        let first = |joined: Joined<'_>| {
            let place = |(_, form): &(usize, Form)| {
                let length = ending(&joined.bytes, form.text.as_bytes(), bytes_min)?;
                let places = joined.places(joined.bytes.len() - length..joined.bytes.len());
                places.first().map(|(place, _)| place.start)
            };
            self.forms.iter().filter_map(place).filter(|at| !is_within(at)).min()
        };
        // White space at its end stands before a line break: it may belong to that.
        let broken = format!("{text}\n");
        ways(broken.as_bytes()).filter_map(first).min().unwrap_or(text.len())
    }

    /// Where a text can be parted, at `at` or before it, so that no part ends within a value.
    pub(super) fn part(&self, text: &[u8], at: usize) -> usize {
        let matches = self.matches(text, Syntax::Text, Style::Shown);
        let over = matches.iter().filter(|pieces| is_between(pieces, at));
        let starts = over.filter_map(|pieces| Some(pieces.first()?.range.start));
        // A value that fills all of it would keep it from being parted at all.
        starts.filter(|start| *start > 0).min().unwrap_or(at)
    }

    /// The pieces of each value that stands in a text. Of those that overlap the largest counts.
    fn matches(&self, text: &[u8], syntax: Syntax, style: Style) -> Vec<Vec<Piece>> {
        let mut matches: Vec<Vec<Piece>> = Vec::new();
        for joined in ways(text) {
            // Half an escape is no character: not of the text, however its lines belong together.
            let is_torn = |(place, _): &(Range<usize>, usize)| {
                json::is_within_escape(text, place.start) || json::is_within_escape(text, place.end)
            };
            let is_whole =
                |range: Range<usize>| syntax == Syntax::Text || !joined.places(range).iter().any(is_torn);
            for (range, form) in self.found(&joined.bytes, style, is_whole) {
                let piece = |(range, within): (Range<usize>, usize)| {
                    let part = within..within + range.len();
                    Piece { range, form, part }
                };
                matches.push(joined.places(range).into_iter().map(piece).collect());
            }
        }
        let size = |pieces: &Vec<Piece>| pieces.iter().map(|piece| piece.range.len()).sum::<usize>();
        matches.sort_by_key(|pieces| std::cmp::Reverse(size(pieces)));
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        matches.retain(|pieces| {
            let is_free = |piece: &Piece| {
                let before = taken.range(..piece.range.end).next_back();
                before.is_none_or(|(_, end)| *end <= piece.range.start)
            };
            let is_free = pieces.iter().all(is_free);
            if is_free {
                taken.extend(pieces.iter().map(|piece| (piece.range.start, piece.range.end)));
            }
            is_free
        });
        matches
    }

    /// Bytes of the longest form.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// `text` with these pieces of it replaced.
    pub(super) fn replaced(&self, text: &str, pieces: &[Piece], style: Style) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut at = 0;
        for piece in pieces {
            replaced.push_str(text.get(at..piece.range.start).unwrap_or_default());
            replaced.push_str(&self.mark(piece, style));
            at = piece.range.end;
        }
        replaced.push_str(text.get(at..).unwrap_or_default());
        replaced
    }

    /// What stands in the place of a number that is a value, without quotes.
    pub(super) fn number(&self, text: &str, style: Style) -> Option<String> {
        let (secret, form) = self.numbers.iter().find(|(_, form)| form.text == text)?;
        let known = self.secrets.get(*secret)?;
        let mark = Mark { name: known.name.as_str(), tag: &known.tag, form: &form.name, part: None };
        Some(match style {
            Style::Shown => mark.shown(),
            Style::Kept => mark.kept(),
        })
    }

    fn mark(&self, piece: &Piece, style: Style) -> String {
        let (Some(known), Some((_, form))) = (self.secret(piece.form), self.forms.get(piece.form)) else {
            return String::new();
        };
        let is_whole = piece.part == (0..form.text.len());
        let part = (!is_whole).then(|| piece.part.clone());
        let mark = Mark { name: known.name.as_str(), tag: &known.tag, form: &form.name, part };
        match style {
            Style::Shown => mark.shown(),
            Style::Kept => mark.kept(),
        }
    }

    fn rewritten(&self, json: &Json, style: Style) -> Json {
        match json::rewritten(self, json.as_str(), style) {
            // A value within a string does not end it, so JSON it stays.
            Some(text) => Json::parse(&text).unwrap_or_else(|_| Json::null()),
            None => json.clone(),
        }
    }

    fn secret(&self, form: usize) -> Option<&Known> {
        self.forms.get(form).and_then(|(secret, _)| self.secrets.get(*secret))
    }

    /// Where forms stand, from left to right, the longest of each place.
    fn found(
        &self,
        text: &[u8],
        style: Style,
        is_whole: impl Fn(Range<usize>) -> bool,
    ) -> Vec<(Range<usize>, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.needles.find(Input::new(text).range(at..)) {
            let start = hit.start();
            let forms = self.candidates.get(hit.pattern().as_usize()).into_iter().flatten();
            let fits = |form: usize| {
                let (_, Form { text: wanted, .. }) = self.forms.get(form)?;
                let range = start..start + wanted.len();
                let is_there = text.get(range.clone()) == Some(wanted.as_bytes());
                (is_there && is_whole(range.clone())).then_some((range, form))
            };
            match forms.copied().find_map(fits) {
                Some((range, form)) => {
                    at = range.end;
                    found.push((range, form));
                }
                None => at = start + 1,
            }
        }
        if style == Style::Shown {
            self.add_cut(text, is_whole, &mut found);
        }
        found
    }

    /// What is left of values where the text was cut.
    fn add_cut(
        &self,
        text: &[u8],
        is_whole: impl Fn(Range<usize>) -> bool,
        found: &mut Vec<(Range<usize>, usize)>,
    ) {
        let mut at = 0;
        while let Some(length) = text
            .get(at..)
            .and_then(|rest| rest.windows(CUT.len()).position(|window| window == CUT.as_bytes()))
        {
            let end = at + length;
            at = end + CUT.len();
            let before = text.get(..end).unwrap_or_default();
            let endings = self.forms.iter().enumerate().filter_map(|(index, (_, form))| {
                ending(before, form.text.as_bytes(), BEGINNING_BYTES_MIN)
                    .map(|length| (end - length..end, index))
            });
            let Some((range, form)) = endings.max_by_key(|(range, _)| range.len()) else { continue };
            // A whole value within it is a shorter one.
            found.retain(|(other, _)| other.start < range.start || other.end > range.end);
            let taken = found.iter().map(|(other, _)| other.end).filter(|end| *end <= range.end).max();
            let start = taken.unwrap_or_default().max(range.start);
            if start < range.end && is_whole(start..range.end) {
                found.push((start..range.end, form));
            }
        }
        found.sort_by_key(|(range, _)| range.start);
    }
}

/// The ways in which the lines of a text may belong together.
fn ways(text: &[u8]) -> impl Iterator<Item = Joined<'_>> {
    let dropped = Joined::of(text, Space::Dropped);
    let kept = dropped.has_breaks().then(|| Joined::of(text, Space::Kept));
    let kept = kept.filter(|kept| kept.bytes != dropped.bytes);
    let has_escapes = dropped.has_breaks() && text.windows(2).any(|pair| pair == b"\\n");
    let unescaped = has_escapes.then(|| Joined::of(text, Space::Unescaped));
    std::iter::once(dropped).chain(kept).chain(unescaped)
}

/// True where a value of these pieces has begun before `at` and has not ended there.
fn is_between(pieces: &[Piece], at: usize) -> bool {
    pieces.first().is_some_and(|first| first.range.start < at)
        && pieces.last().is_some_and(|last| at < last.range.end)
}

/// Bytes of the longest beginning of `form`, but not all of it, with which `text` ends.
fn ending(text: &[u8], form: &[u8], bytes_min: usize) -> Option<usize> {
    let (first, most) = (form.first()?, form.len() - 1);
    let end = text.get(text.len().saturating_sub(most)..)?;
    let starts = end.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.map(|(start, _)| end.len() - start).take_while(|length| *length >= bytes_min).find(|length| {
        form.get(..*length).is_some_and(|beginning| end.ends_with(beginning))
            // Not in the middle of a character.
            && form.get(*length).is_none_or(|byte| byte & 0xC0 != 0x80)
    })
}
