//! Why a document was found, in words for people.

use std::sync::Arc;

use hero_sdk::Error;

use super::{
    Hit,
    concepts::{Concept, Variant, Way},
    coverage::{bases, each_match},
    entry::{Entry, Place},
    fit::Fit,
    lexicon::Lexicon,
};

/// A document on its way to a hit.
pub(super) struct Candidate {
    /// Over all segments.
    pub(super) number: u32,
    pub(super) score: f64,
    pub(super) entry: Arc<Entry>,
    pub(super) inputs: Option<Fit>,
    pub(super) outputs: Option<Fit>,
}

/// Makes hits, each with its reasons: for every word of the question the best way in which it is said, then what fits.
pub(super) fn why(
    candidates: Vec<Candidate>,
    concepts: &[Concept],
    lexicon: &Lexicon<'_>,
) -> Result<Vec<Hit>, Error> {
    let mut reasons = vec![Vec::new(); candidates.len()];
    for concept in concepts {
        for (reasons, said) in reasons.iter_mut().zip(said(concept, &candidates, lexicon)?) {
            reasons.extend(said.map(|(variant, place)| in_words(concept, variant, place)));
        }
    }
    let hits = candidates.into_iter().zip(reasons).map(|(candidate, mut why)| {
        why.extend(candidate.inputs.iter().flat_map(|fit| fitting("the input", fit)));
        why.extend(candidate.outputs.iter().flat_map(|fit| fitting("the output", fit)));
        Hit { workflow_sid: candidate.entry.workflow_sid.clone(), score: candidate.score, why }
    });
    Ok(hits.collect())
}

/// How each candidate says the concept best.
fn said<'a>(
    concept: &'a Concept,
    candidates: &[Candidate],
    lexicon: &Lexicon<'_>,
) -> Result<Vec<Option<(&'a Variant, Place)>>, Error> {
    let mut said: Vec<Option<(&Variant, Place)>> = vec![None; candidates.len()];
    let bases = bases(lexicon.searcher);
    for variant in &concept.variants {
        for (segment, base) in bases.iter().enumerate().take(bases.len() - 1) {
            each_match(variant, segment, lexicon, |document, place| {
                let index = candidates.iter().position(|candidate| candidate.number == base + document);
                let Some(said) = index.and_then(|index| said.get_mut(index)) else { return };
                let is_better = said
                    .is_none_or(|(known, known_place)| (variant.factor, place) > (known.factor, known_place));
                if is_better {
                    *said = Some((variant, place));
                }
            })?;
        }
    }
    Ok(said)
}

fn in_words(concept: &Concept, variant: &Variant, place: Place) -> String {
    let (word, shown, place) = (&concept.word, &variant.shown, place.as_str());
    match variant.way {
        Way::Itself => format!("\"{word}\" is in {place}"),
        Way::Synonym | Way::Compound => format!("\"{word}\" is in {place} as \"{shown}\""),
        Way::Typo => format!("\"{word}\", taken for \"{shown}\", is in {place}"),
    }
}

fn fitting(what: &str, fit: &Fit) -> Vec<String> {
    let pair = |(offered, own): &(String, String)| match own.as_str() {
        "" => format!("\"{offered}\" fits {what}"),
        own => format!("\"{offered}\" fits {what} \"{own}\""),
    };
    fit.pairs.iter().map(pair).collect()
}
