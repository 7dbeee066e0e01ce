//! Words that people use for the same thing, from `synonyms.txt`. Knows no index.

use std::collections::HashMap;

use strsim::osa_distance;

use super::words::{Words, is_stop_word};

/// How much of a word its equal is worth.
const EQUAL: f32 = 0.85;
/// How much of a general word a special one is worth.
const SPECIAL: f32 = 0.8;
/// How much of a special word the general one is worth.
const GENERAL: f32 = 0.55;

/// A word, or several.
#[derive(Clone)]
struct Phrase {
    written: String,
    stems: Vec<String>,
}

/// Another way to say something.
#[derive(Clone, Debug)]
pub(super) struct Synonym {
    /// Its stems, without stop words; all of them must be there.
    pub(super) stems: Vec<String>,
    /// As the table has it.
    pub(super) written: String,
    pub(super) factor: f32,
}

/// The stems of a phrase, with its synonyms.
type Phrased = (Vec<String>, Vec<Synonym>);

/// The table, by the first stem of each phrase.
pub(super) struct Synonyms {
    phrases: HashMap<String, Vec<Phrased>>,
    /// Single words as they are written, with their stems, for typing errors.
    written: Vec<(String, String)>,
}

impl Synonyms {
    pub(super) fn none() -> Self {
        Self { phrases: HashMap::new(), written: Vec::new() }
    }

    pub(super) fn new(words: &Words) -> Self {
        let mut synonyms = Self::none();
        let lines = include_str!("synonyms.txt").lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (general, equal) = line.split_once('>').map_or((None, line), |(one, rest)| (Some(one), rest));
            let equal: Vec<Phrase> = equal.split(',').map(|text| synonyms.phrase(text, words)).collect();
            match general.map(|text| synonyms.phrase(text, words)) {
                Some(general) => equal.iter().for_each(|special| {
                    synonyms.say(&general, special, SPECIAL);
                    synonyms.say(special, &general, GENERAL);
                }),
                None => equal.iter().enumerate().for_each(|(index, one)| {
                    let others = equal.iter().enumerate().filter(|(other, _)| *other != index);
                    others.for_each(|(_, other)| synonyms.say(one, other, EQUAL));
                }),
            }
        }
        synonyms
    }

    /// What else the stems that begin here are called, and how many of them it is that are.
    pub(super) fn of<'a>(&'a self, stems: &'a [String]) -> impl Iterator<Item = (usize, &'a [Synonym])> {
        let phrases = stems.first().and_then(|first| self.phrases.get(first));
        phrases
            .into_iter()
            .flatten()
            .filter(|(phrase, _)| stems.starts_with(phrase))
            .map(|(phrase, synonyms)| (phrase.len(), synonyms.as_slice()))
    }

    /// Stems of the words that differ from this one by so many typing errors at most.
    pub(super) fn near(&self, word: &str, errors: usize) -> impl Iterator<Item = &str> {
        self.written
            .iter()
            .filter(move |(written, _)| {
                written.len().abs_diff(word.len()) <= errors && osa_distance(written, word) <= errors
            })
            .map(|(_, stem)| stem.as_str())
    }

    fn phrase(&mut self, text: &str, words: &Words) -> Phrase {
        let written = words.list(text);
        let stems: Vec<String> = written.iter().map(|word| words.stem(word)).collect();
        if let ([word], [stem]) = (written.as_slice(), stems.as_slice()) {
            self.written.push((word.clone(), stem.clone()));
        }
        Phrase { written: written.join(" "), stems }
    }

    fn say(&mut self, phrase: &Phrase, other: &Phrase, factor: f32) {
        let stems: Vec<String> = other.stems.iter().filter(|stem| !is_stop_word(stem)).cloned().collect();
        // Of "sign up" only "sign" would be left, which means something else.
        let says_something = stems.len() == other.stems.len() || stems.len() > 1;
        let is_another = phrase.stems != other.stems;
        let Some(first) = phrase.stems.first().filter(|_| says_something && is_another) else { return };
        let phrases = self.phrases.entry(first.clone()).or_default();
        let known = phrases.iter().position(|(known, _)| *known == phrase.stems);
        let index = known.unwrap_or_else(|| {
            phrases.push((phrase.stems.clone(), Vec::new()));
            phrases.len() - 1
        });
        let Some((_, synonyms)) = phrases.get_mut(index) else { return };
        match synonyms.iter_mut().find(|synonym| synonym.stems == stems) {
            Some(synonym) => synonym.factor = synonym.factor.max(factor),
            None => synonyms.push(Synonym { stems, written: other.written.clone(), factor }),
        }
    }
}
