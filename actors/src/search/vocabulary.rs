//! The words of one document after the other, with the best place of each. Remembers all words that it has seen, since
//! nearly every word of a document has come before, and stemming takes longer than looking it up.

use rustc_hash::FxHashMap;

use super::{
    Ingredients,
    entry::Place,
    words::{Words, is_stop_word},
};

/// Words that are remembered, 5 MB; those of a library of 100,000 workflows, and a limit for one of noise.
const REMEMBERED_MAX: usize = 50_000;
/// Different stems of one document; a source of more is a table of data.
const STEMS_MAX: usize = 4_000;

pub(super) struct Vocabulary {
    words: Words,
    /// Words with the numbers of their stems; stop words with none.
    known: FxHashMap<Box<str>, Option<u32>>,
    stems: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u32>,
    /// Of the document at hand, by the number of a stem the best place, 0 for none.
    places: Vec<u8>,
    /// The stems that have one.
    said: Vec<u32>,
}

impl Vocabulary {
    pub(super) fn new(ingredients: Ingredients) -> Self {
        Self {
            words: Words::new(ingredients),
            known: FxHashMap::default(),
            stems: Vec::new(),
            numbers: FxHashMap::default(),
            places: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Takes the words of a text that stands there into the document; stop words are none.
    pub(super) fn say(&mut self, text: &str, place: Place) {
        let Self { words, known, stems, numbers, places, said } = self;
        words.each(text, |word| {
            let number = known.get(word).copied().unwrap_or_else(|| {
                let number = (!is_stop_word(word)).then(|| number(words.stem(word), stems, numbers, places));
                known.insert(word.into(), number);
                number
            });
            let Some(best) = number.and_then(|number| places.get_mut(number as usize)) else { return };
            if *best == 0 && said.len() < STEMS_MAX {
                said.extend(number);
                *best = place as u8;
            } else if *best != 0 {
                *best = (*best).max(place as u8);
            }
        });
    }

    /// Stems of the words of a text, in their order and without stop words.
    pub(super) fn stems(&self, text: &str, limit: usize) -> Vec<String> {
        let words = self.words.list(text);
        let telling = words.iter().filter(|word| !is_stop_word(word));
        telling.take(limit).map(|word| self.words.stem(word)).collect()
    }

    /// Ends the document: each of its stems and the number of the best place.
    pub(super) fn end(&mut self, mut each: impl FnMut(&str, u8)) {
        for number in self.said.drain(..) {
            let index = number as usize;
            if let (Some(stem), Some(place)) = (self.stems.get(index), self.places.get_mut(index)) {
                each(stem, std::mem::take(place));
            }
        }
        if self.known.len() > REMEMBERED_MAX {
            self.known.clear();
            self.numbers.clear();
            self.stems.clear();
            self.places.clear();
        }
    }
}

/// The number of a stem, a new one if it is not known.
fn number(
    stem: String,
    stems: &mut Vec<Box<str>>,
    numbers: &mut FxHashMap<Box<str>, u32>,
    places: &mut Vec<u8>,
) -> u32 {
    *numbers.entry(stem.into()).or_insert_with_key(|stem| {
        stems.push(stem.clone());
        places.push(0);
        // Never so many that they would not fit: all are forgotten long before.
        u32::try_from(stems.len() - 1).unwrap_or(u32::MAX)
    })
}
