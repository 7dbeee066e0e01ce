//! How much of a question each document covers: the first stage, over all of them.

use hero_sdk::Error;
use tantivy::{
    DocSet as _, Searcher, TERMINATED,
    postings::{Postings as _, SegmentPostings},
};

use super::{
    concepts::{Concept, Variant, Way},
    entry::Place,
    lexicon::Lexicon,
};

/// Weight of a word that no document has, as a share of the greatest weight that a word can have: it counts against
/// every document, but may be mere talk.
const UNKNOWN: f32 = 0.5;
/// Weight of an everyday word, of that which it would have.
const EVERYDAY: f32 = 0.3;
/// Weight in rare words that is much to have covered: from there on what is missing counts half.
const MUCH: f32 = 2.0;
/// Documents outside of the library, as it were, that have none of the words. A word that one flow of three has is rare
/// all the same, and must not weigh less than a word that none has.
const ELSEWHERE: f32 = 1_000.0;

/// How convincingly each document covers the question, up to 1, by its number over all segments.
pub(super) struct Coverage {
    pub(super) shares: Vec<f32>,
    /// Those that are not zero.
    pub(super) covering: Vec<u32>,
    /// Weight of each concept; 1 is a word that one document has.
    pub(super) weights: Vec<f32>,
}

/// What each place counts.
#[derive(Debug)]
pub(super) struct Places {
    /// For a word that is said as it is asked for.
    pub(super) itself: [f32; Place::ALL.len()],
    /// For what it is only taken for: a name of the code that happens to be one of those says nothing.
    pub(super) otherwise: [f32; Place::ALL.len()],
}

impl Places {
    fn worth(&self, way: Way, place: Place) -> f32 {
        let places = if way == Way::Itself { &self.itself } else { &self.otherwise };
        places.get(place as usize - 1).copied().unwrap_or_default()
    }
}

pub(super) fn coverage(
    concepts: &[Concept],
    lexicon: &Lexicon<'_>,
    places: &Places,
) -> Result<Coverage, Error> {
    let bases = bases(lexicon.searcher);
    let documents = bases.last().copied().unwrap_or_default();
    let mut marks = Marks { values: vec![0.0; documents as usize], marked: Vec::new() };
    let mut coverage =
        Coverage { shares: vec![0.0; documents as usize], covering: Vec::new(), weights: Vec::new() };
    let alive = as_f32(lexicon.searcher.num_docs()) + ELSEWHERE;
    for concept in concepts {
        for (segment, base) in bases.iter().enumerate().take(bases.len() - 1) {
            for variant in &concept.variants {
                marks.mark(variant, segment, *base, lexicon, places)?;
            }
        }
        let weight = coverage.add(concept, &mut marks, alive);
        coverage.weights.push(weight);
    }
    let asked: f32 = coverage.weights.iter().sum();
    for number in &coverage.covering {
        if let Some(share) = coverage.shares.get_mut(*number as usize) {
            *share = convincing(*share, asked);
        }
    }
    Ok(coverage)
}

/// The number of the first document of each segment, and behind the last.
pub(super) fn bases(searcher: &Searcher) -> Vec<u32> {
    let mut bases = vec![0];
    for segment in searcher.segment_readers() {
        bases.push(bases.last().copied().unwrap_or_default() + segment.max_doc());
    }
    bases
}

/// What a document that has all stems of a variant is worth, by each document's number in its segment.
pub(super) fn each_match(
    variant: &Variant,
    segment: usize,
    lexicon: &Lexicon<'_>,
    mut each: impl FnMut(u32, Place),
) -> Result<(), Error> {
    let mut postings = Vec::new();
    for stem in &variant.stems {
        match lexicon.postings(segment, stem)? {
            Some(found) => postings.push(found),
            None => return Ok(()),
        }
    }
    let Some((first, others)) = postings.split_first_mut() else { return Ok(()) };
    while first.doc() != TERMINATED {
        let document = first.doc();
        if let Some(place) = together(document, first, others) {
            each(document, place);
        }
        first.advance();
    }
    Ok(())
}

/// The least telling place of the stems in the document, if it has all of them.
fn together(document: u32, first: &SegmentPostings, others: &mut [SegmentPostings]) -> Option<Place> {
    let mut place = first.term_freq();
    for other in others {
        if other.doc() < document {
            other.seek(document);
        }
        if other.doc() != document {
            return None;
        }
        place = place.min(other.term_freq());
    }
    Place::ALL.get((place as usize).checked_sub(1)?).copied()
}

/// What one concept is worth to each document.
struct Marks {
    values: Vec<f32>,
    marked: Vec<u32>,
}

impl Marks {
    fn mark(
        &mut self,
        variant: &Variant,
        segment: usize,
        base: u32,
        lexicon: &Lexicon<'_>,
        places: &Places,
    ) -> Result<(), Error> {
        let alive =
            lexicon.searcher.segment_readers().get(segment).and_then(|segment| segment.alive_bitset());
        each_match(variant, segment, lexicon, |document, place| {
            let number = base + document;
            let worth = variant.factor * places.worth(variant.way, place);
            let Some(value) = self.values.get_mut(number as usize).filter(|value| **value < worth) else {
                return;
            };
            if *value == 0.0 {
                if alive.is_some_and(|alive| !alive.is_alive(document)) {
                    return;
                }
                self.marked.push(number);
            }
            *value = worth;
        })
    }
}

impl Coverage {
    /// Adds what a concept is worth to each document, and gives its weight: the rarer, the more. A document that says
    /// it in a roundabout way counts for less than one in how frequent it is.
    fn add(&mut self, concept: &Concept, marks: &mut Marks, alive: f32) -> f32 {
        let Marks { values, marked } = marks;
        let frequency: f32 = marked.iter().filter_map(|number| values.get(*number as usize)).sum();
        let most = rarity(0.0, alive);
        let rarity = if marked.is_empty() { UNKNOWN } else { rarity(frequency, alive) / most };
        let weight = if concept.is_everyday { EVERYDAY * rarity } else { rarity };
        for number in marked.drain(..) {
            let index = number as usize;
            if let (Some(value), Some(share)) = (values.get_mut(index), self.shares.get_mut(index)) {
                if *share == 0.0 {
                    self.covering.push(number);
                }
                *share += weight * *value;
                *value = 0.0;
            }
        }
        weight
    }
}

/// How convincing it is to cover so much of what was asked, from 0 to 1. All of it is 1; and of a long question, which
/// has more words around what is meant, a smaller share will do.
fn convincing(covered: f32, asked: f32) -> f32 {
    let missing = (asked - covered).max(0.0) * MUCH / (MUCH + covered);
    if covered > 0.0 { covered / (covered + missing) } else { 0.0 }
}

/// The inverse document frequency of BM25 (Robertson and Zaragoza 2009).
fn rarity(frequency: f32, alive: f32) -> f32 {
    ((alive - frequency + 0.5).max(0.0) / (frequency + 0.5)).ln_1p()
}

#[expect(clippy::cast_precision_loss, reason = "a count of documents, rounded")]
fn as_f32(count: u64) -> f32 {
    count as f32
}
