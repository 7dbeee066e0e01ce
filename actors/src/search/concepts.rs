//! What a question asks for: its words, each with everything that it may be called in the library.

use std::collections::HashSet;

use hero_sdk::Error;

use super::{
    Ingredients,
    lexicon::Lexicon,
    query,
    synonyms::Synonyms,
    words::{Words, is_everyday, is_stop_word},
};

/// Ways to say one word that are looked for.
const VARIANTS_MAX: usize = 32;
/// How much of a word another is worth from which it differs by one typing error, or by two.
const ONE_ERROR: f32 = 0.85;
const TWO_ERRORS: f32 = 0.7;
/// What is left of that if it is more likely another word.
const UNLIKELY: f32 = 0.5;
/// Letters below which a word is short.
const SHORT_LETTERS: usize = 8;
/// Letters from which on what a word is taken for counts with its synonyms.
const LED_FURTHER_LETTERS: usize = 6;
/// How much of a word its parts together are worth, and the word that it makes with its neighbour.
const PARTS: f32 = 0.85;
const JOINED: f32 = 0.95;
/// How much of a word one is worth that begins with it.
const LONGER: f32 = 0.75;
/// Letters from which on a word may have one typing error, or two.
const ONE_ERROR_LETTERS: usize = 4;
const TWO_ERRORS_LETTERS: usize = 7;
/// Letters that a beginning has, and a part of a word.
const BEGINNING_LETTERS: usize = 4;
const PART_LETTERS: usize = 3;

/// How a document says a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As it is asked for, or in another form of the word.
    Itself,
    Synonym,
    Typo,
    /// Written together or apart, or longer.
    Compound,
}

/// One way to say a word.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// All of them must be in the document.
    pub(super) stems: Vec<String>,
    /// How much of the word it is worth, up to 1.
    pub(super) factor: f32,
    pub(super) way: Way,
    /// For people.
    pub(super) shown: String,
}

/// A word of the question.
#[derive(Clone, Debug)]
pub(super) struct Concept {
    /// As it was written, but for upper case and accents.
    pub(super) word: String,
    stem: String,
    /// It counts for less than others.
    pub(super) is_everyday: bool,
    /// Those that the library knows.
    pub(super) variants: Vec<Variant>,
}

/// Makes concepts of a text. Words that say nothing are left out, unless there are no others.
pub(super) fn concepts(
    text: &str,
    words: &Words,
    lexicon: &Lexicon<'_>,
    synonyms: &Synonyms,
    ingredients: Ingredients,
) -> Result<Vec<Concept>, Error> {
    let written = words.list(text);
    if written.is_empty() {
        return Err(query::no_word());
    }
    if written.len() > query::TERMS_MAX {
        return Err(query::too_many_words(written.len()));
    }
    let stems: Vec<String> = written.iter().map(|word| words.stem(word)).collect();
    let says_nothing = written.iter().all(|word| is_stop_word(word));
    let mut concepts: Vec<Option<Concept>> = written
        .iter()
        .zip(&stems)
        .map(|(word, stem)| (says_nothing || !is_stop_word(word)).then(|| Concept::new(word, stem)))
        .collect();
    for index in 0..stems.len() {
        for (length, others) in synonyms.of(stems.get(index..).unwrap_or_default()) {
            for concept in concepts.iter_mut().skip(index).take(length).flatten() {
                for other in others {
                    concept.say(other.stems.clone(), other.factor, Way::Synonym, other.written.clone());
                }
            }
        }
    }
    if ingredients.compounds {
        join_neighbours(&written, &mut concepts, words);
    }
    let mut asked = HashSet::new();
    let mut known = Vec::new();
    for mut concept in concepts.into_iter().flatten() {
        // Who says a word twice does not ask for two things.
        if !asked.insert(concept.stem.clone()) {
            continue;
        }
        concept.keep_known(lexicon)?;
        let says_itself = concept.variants.iter().any(|variant| variant.way == Way::Itself);
        if !says_itself {
            concept.guess(words, lexicon, synonyms, ingredients)?;
        }
        concept.variants.truncate(VARIANTS_MAX);
        known.push(concept);
    }
    Ok(known)
}

/// Two words in a row may be one in the library: `time sheet`, `timesheet`.
fn join_neighbours(written: &[String], concepts: &mut [Option<Concept>], words: &Words) {
    for (index, pair) in written.windows(2).enumerate() {
        let joined = pair.concat();
        let stem = words.stem(&joined);
        for concept in concepts.iter_mut().skip(index).take(2).flatten() {
            concept.say(vec![stem.clone()], JOINED, Way::Compound, joined.clone());
        }
    }
}

impl Concept {
    fn new(word: &str, stem: &str) -> Self {
        let itself =
            Variant { stems: vec![stem.to_owned()], factor: 1.0, way: Way::Itself, shown: word.to_owned() };
        Self {
            word: word.to_owned(),
            stem: stem.to_owned(),
            is_everyday: is_everyday(word) || is_everyday(stem),
            variants: vec![itself],
        }
    }

    fn say(&mut self, stems: Vec<String>, factor: f32, way: Way, shown: String) {
        let variant = Variant { stems, factor, way, shown };
        match self.variants.iter_mut().find(|known| known.stems == variant.stems) {
            Some(known) if known.factor < factor => *known = variant,
            Some(_) => {}
            None => self.variants.push(variant),
        }
    }

    fn keep_known(&mut self, lexicon: &Lexicon<'_>) -> Result<(), Error> {
        let mut known = Vec::new();
        for variant in self.variants.drain(..) {
            let mut is_known = true;
            for stem in &variant.stems {
                is_known = is_known && lexicon.knows(stem)?;
            }
            if is_known {
                known.push(variant);
            }
        }
        self.variants = known;
        Ok(())
    }

    /// Takes a word that the library does not know for others.
    fn guess(
        &mut self,
        words: &Words,
        lexicon: &Lexicon<'_>,
        synonyms: &Synonyms,
        ingredients: Ingredients,
    ) -> Result<(), Error> {
        let letters = self.word.chars().count();
        let has_digit = self.word.contains(|letter: char| letter.is_ascii_digit());
        if ingredients.compounds && letters >= 2 * PART_LETTERS {
            self.take_apart(words, lexicon)?;
        }
        if ingredients.compounds && self.stem.chars().count() >= BEGINNING_LETTERS {
            for longer in lexicon.beginning(&self.stem)? {
                let shown = begins(&longer);
                self.say(vec![longer], LONGER, Way::Compound, shown);
            }
        }
        if ingredients.typos && self.variants.is_empty() && !has_digit && !self.is_everyday {
            for (errors, from) in [(1, ONE_ERROR_LETTERS), (2, TWO_ERRORS_LETTERS)] {
                if self.variants.is_empty() && letters >= from {
                    self.correct(errors, lexicon, synonyms)?;
                }
            }
        }
        self.keep_known(lexicon)
    }

    fn take_apart(&mut self, words: &Words, lexicon: &Lexicon<'_>) -> Result<(), Error> {
        let word = self.word.clone();
        for (at, _) in word.char_indices().skip(PART_LETTERS) {
            let (first, second) = word.split_at(at);
            if second.chars().count() < PART_LETTERS {
                break;
            }
            let stems = vec![words.stem(first), words.stem(second)];
            if lexicon.knows(&stems.concat())? {
                continue;
            }
            self.say(stems, PARTS, Way::Compound, format!("{first} {second}"));
        }
        self.keep_known(lexicon)
    }

    fn correct(&mut self, errors: u8, lexicon: &Lexicon<'_>, synonyms: &Synonyms) -> Result<(), Error> {
        let letters = self.word.chars().count();
        let mut corrected = lexicon.near(&self.stem, errors)?;
        // What the library calls otherwise may be mistyped, too.
        corrected.extend(synonyms.near(&self.word, errors.into()).map(str::to_owned));
        for stem in corrected {
            let factor = likeness(&self.stem, &stem);
            self.say(vec![stem.clone()], factor, Way::Typo, begins(&stem));
            // A short word that may be another one is not led any further.
            let others = synonyms.of(std::slice::from_ref(&stem)).filter(|_| letters >= LED_FURTHER_LETTERS);
            for (_, others) in others {
                for other in others {
                    let factor = factor * other.factor;
                    self.say(other.stems.clone(), factor, Way::Typo, other.written.clone());
                }
            }
        }
        Ok(())
    }
}

/// A word of which only the stem is known.
fn begins(stem: &str) -> String {
    format!("{stem}…")
}

/// How much of a word another is worth that it may be mistyped from. Whoever leaves out a letter, types one twice or two
/// in the wrong order means that word; one other letter often makes another word, above all in a short one or at its
/// beginning.
fn likeness(typed: &str, meant: &str) -> f32 {
    let (typed_letters, meant_letters) = (letters(typed), letters(meant));
    let mut sorted = (typed_letters.clone(), meant_letters.clone());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    let is_other_letter = typed_letters.len() == meant_letters.len() && sorted.0 != sorted.1;
    let errors = if strsim::osa_distance(typed, meant) > 1 { TWO_ERRORS } else { ONE_ERROR };
    let begins_alike = typed_letters.first() == meant_letters.first();
    let is_short = typed_letters.len() < SHORT_LETTERS;
    match (begins_alike, is_other_letter && is_short) {
        (true, false) => errors,
        (true, true) | (false, false) => errors * UNLIKELY,
        (false, true) => errors * UNLIKELY * UNLIKELY,
    }
}

fn letters(word: &str) -> Vec<char> {
    word.chars().collect()
}
