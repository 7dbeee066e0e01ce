//! The order of the hits: the second stage, over the best of the first.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use hero_sdk::Error;
use tantivy::{DocSet as _, TERMINATED, Term, schema::IndexRecordOption};

use super::{
    Found, Ingredients,
    concepts::{Concept, concepts},
    coverage::{Coverage, Places, bases, coverage},
    entry::{Entry, hashed, tag},
    fit::{Fit, Offer, of_inputs, of_outputs},
    index::Fields,
    lexicon::{Lexicon, failed},
    query::{self, Checked},
    schema,
    synonyms::Synonyms,
    why::{Candidate, why},
    words::Words,
};

/// Documents of the first stage that come into the second.
const CANDIDATES_MAX: usize = 400;
/// What a word counts in the code, in prose of the source, in inputs and outputs, the description, the tags, the name.
const PLACES: Places =
    Places { itself: [0.7, 0.8, 0.9, 0.95, 0.95, 1.0], otherwise: [0.35, 0.5, 0.8, 0.9, 0.95, 1.0] };
/// All alike, at what a place counts on average.
const PLACES_ALIKE: Places = Places { itself: [0.85; 6], otherwise: [0.85; 6] };
/// Shares of the score: coverage alone, and coverage by a name, a description that says nothing else, and by words that
/// stand together as in the question.
const COVERED: f64 = 0.80;
const NAMED: f64 = 0.10;
const DESCRIBED: f64 = 0.04;
const TOGETHER: f64 = 0.06;
/// What focus is on average.
const UNFOCUSED: f64 = 0.88;
/// Share of the score that the fit of inputs and outputs decides, if any are given.
const FIT: f64 = 0.4;
/// Words between two that still stand together.
const TOGETHER_WORDS: usize = 3;

/// All that a search reads.
pub(super) struct Ranking<'a> {
    pub(super) lexicon: Lexicon<'a>,
    pub(super) fields: Fields,
    pub(super) synonyms: &'a Synonyms,
    pub(super) ingredients: Ingredients,
    pub(super) entries: &'a RwLock<HashMap<u64, Arc<Entry>>>,
}

impl Ranking<'_> {
    pub(super) fn found(&self, query: &Checked) -> Result<Found, Error> {
        let words = Words::new(self.ingredients);
        let asked = asked(query);
        if query.text.trim().is_empty() && words.list(&asked).is_empty() {
            return Err(query::no_name());
        }
        let concepts = concepts(&asked, &words, &self.lexicon, self.synonyms, self.ingredients)?;
        let places = if self.ingredients.places { &PLACES } else { &PLACES_ALIKE };
        let coverage = coverage(&concepts, &self.lexicon, places)?;
        let offers = |members| {
            let ports = if self.ingredients.fit { schema::offered(members) } else { Vec::new() };
            ports.into_iter().map(|port| Offer::new(port, &words, self.synonyms)).collect::<Vec<_>>()
        };
        let (inputs, outputs) = (offers(&query.inputs), offers(&query.outputs));
        let lookup = lookup(&concepts);
        let mut candidates = Vec::new();
        for (number, share, entry) in self.best(&coverage, query)? {
            let focus =
                if self.ingredients.focus { focus(&entry, &lookup, &coverage.weights) } else { UNFOCUSED };
            let inputs = (!inputs.is_empty()).then(|| of_inputs(&inputs, &entry.inputs, &words));
            let outputs = (!outputs.is_empty()).then(|| of_outputs(&outputs, &entry.outputs, &words));
            let score = f64::from(share) * focus * fit(inputs.as_ref(), outputs.as_ref());
            candidates.push(Candidate { number, score, entry, inputs, outputs });
        }
        candidates.retain(|candidate| candidate.score > 0.0);
        let best = candidates.iter().map(|candidate| candidate.score).max_by(f64::total_cmp);
        candidates.retain(|candidate| candidate.score >= query.min_score);
        candidates.sort_by(|one, other| {
            let by_score = other.score.total_cmp(&one.score);
            by_score.then_with(|| one.entry.workflow_sid.cmp(&other.entry.workflow_sid))
        });
        candidates.truncate(query.limit);
        let hits = why(candidates, &concepts, &self.lexicon)?;
        Ok(Found { nearest: best.filter(|_| hits.is_empty()), hits })
    }

    /// The documents that cover most, with all the tags. Of those that cover alike at the end of the list, the older
    /// ones by their ids, so that the same question gets the same answer however the index lies in memory.
    fn best(&self, coverage: &Coverage, query: &Checked) -> Result<Vec<(u32, f32, Arc<Entry>)>, Error> {
        let tagged = self.tagged(&query.tags)?;
        let share = |number: u32| coverage.shares.get(number as usize).copied().unwrap_or_default();
        let mut numbers: Vec<u32> = coverage.covering.clone();
        if let Some(tagged) = &tagged {
            numbers.retain(|number| tagged.contains(number));
        }
        if numbers.len() > CANDIDATES_MAX {
            let by_share = |one: &u32, other: &u32| share(*other).total_cmp(&share(*one));
            let (_, last, _) = numbers.select_nth_unstable_by(CANDIDATES_MAX - 1, by_share);
            let least = share(*last);
            numbers.retain(|number| share(*number) >= least);
        }
        let puts = self.puts(&numbers)?;
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let found = numbers.into_iter().zip(puts);
        let mut found: Vec<(u32, f32, Arc<Entry>)> = found
            .filter_map(|(number, put)| Some((number, share(number), Arc::clone(entries.get(&put)?))))
            .collect();
        drop(entries);
        found.sort_unstable_by(|(_, one, left), (_, other, right)| {
            other.total_cmp(one).then_with(|| left.workflow_sid.cmp(&right.workflow_sid))
        });
        found.truncate(CANDIDATES_MAX);
        Ok(found)
    }

    /// Which put each document was.
    fn puts(&self, numbers: &[u32]) -> Result<Vec<u64>, Error> {
        let bases = bases(self.lexicon.searcher);
        let mut columns = Vec::new();
        for segment in self.lexicon.searcher.segment_readers() {
            columns.push(segment.fast_fields().u64("put").map_err(failed)?);
        }
        let put = |number: &u32| {
            let segment = bases.partition_point(|base| base <= number).saturating_sub(1);
            let document = number - bases.get(segment).copied().unwrap_or_default();
            columns.get(segment).and_then(|column| column.first(document)).unwrap_or_default()
        };
        Ok(numbers.iter().map(put).collect())
    }

    /// The documents that have all of these tags; `None` if there are none to have.
    fn tagged(&self, tags: &[String]) -> Result<Option<HashSet<u32>>, Error> {
        let mut all: Option<HashSet<u32>> = None;
        for text in tags {
            let term = Term::from_field_text(self.fields.tags, &tag(text));
            let mut these = HashSet::new();
            let bases = bases(self.lexicon.searcher);
            for (segment, base) in self.lexicon.searcher.segment_readers().iter().zip(bases) {
                let index = segment.inverted_index(self.fields.tags).map_err(failed)?;
                let postings = index.read_postings(&term, IndexRecordOption::Basic);
                let Some(mut postings) = postings.map_err(|error| failed(error.into()))? else { continue };
                while postings.doc() != TERMINATED {
                    these.insert(base + postings.doc());
                    postings.advance();
                }
            }
            all = Some(match all {
                Some(all) => all.intersection(&these).copied().collect(),
                None => these,
            });
        }
        Ok(all)
    }
}

/// The text; without one, the names of what is wanted or else of what is given.
fn asked(query: &Checked) -> String {
    if !query.text.trim().is_empty() {
        return query.text.clone();
    }
    let names = if query.outputs.is_empty() { &query.inputs } else { &query.outputs };
    names.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Which concept a stem says, and how well.
type Lookup = HashMap<u32, (usize, f64)>;

fn lookup(concepts: &[Concept]) -> Lookup {
    let mut lookup = Lookup::new();
    for (index, concept) in concepts.iter().enumerate() {
        for variant in &concept.variants {
            for stem in &variant.stems {
                let known = lookup.entry(hashed(stem)).or_insert((index, 0.0));
                if known.1 < f64::from(variant.factor) {
                    *known = (index, variant.factor.into());
                }
            }
        }
    }
    lookup
}

/// How much a document is about the question and nothing else, from [`COVERED`] to 1.
fn focus(entry: &Entry, lookup: &Lookup, weights: &[f32]) -> f64 {
    let named = share_said(&entry.name, lookup);
    let described = share_said(&entry.description, lookup);
    let together =
        share_together(&entry.name, lookup, weights).max(share_together(&entry.description, lookup, weights));
    TOGETHER.mul_add(together, DESCRIBED.mul_add(described, NAMED.mul_add(named, COVERED)))
}

#[expect(clippy::cast_precision_loss, reason = "a text has few words")]
fn share_said(stems: &[u32], lookup: &Lookup) -> f64 {
    let said: f64 = stems.iter().filter_map(|stem| lookup.get(stem)).map(|(_, factor)| factor).sum();
    said / stems.len().max(1) as f64
}

/// Of the neighbours in the question, the share by weight that stand together here, too. A question of one word has no
/// neighbours; its word stands together with itself.
fn share_together(stems: &[u32], lookup: &Lookup, weights: &[f32]) -> f64 {
    let said: Vec<(usize, usize)> = stems
        .iter()
        .enumerate()
        .filter_map(|(at, stem)| lookup.get(stem).map(|(concept, _)| (at, *concept)))
        .collect();
    let stand_together = |pair: usize| {
        said.iter().any(|(at, concept)| {
            *concept == pair
                && said
                    .iter()
                    .any(|(other_at, other)| *other == pair + 1 && at.abs_diff(*other_at) <= TOGETHER_WORDS)
        })
    };
    let (mut together, mut all) = (0.0, 0.0);
    for (pair, neighbours) in weights.windows(2).enumerate() {
        let weight: f64 = neighbours.iter().copied().map(f64::from).sum();
        all += weight;
        if stand_together(pair) {
            together += weight;
        }
    }
    if all > 0.0 { together / all } else { f64::from(!said.is_empty()) }
}

fn fit(inputs: Option<&Fit>, outputs: Option<&Fit>) -> f64 {
    let share = match (inputs, outputs) {
        (Some(inputs), Some(outputs)) => f64::midpoint(inputs.share, outputs.share),
        (Some(one), None) | (None, Some(one)) => one.share,
        (None, None) => 1.0,
    };
    FIT.mul_add(share, 1.0 - FIT)
}
