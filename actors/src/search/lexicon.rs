//! The words of all documents, as a reader of the index sees them at one moment.

use std::{collections::BTreeMap, io};

use hero_sdk::{Error, ErrorCode};
use tantivy::{
    Searcher, Term,
    postings::SegmentPostings,
    query::FuzzyTermQuery,
    schema::{Field, IndexRecordOption},
};

/// Words that one word may be taken for.
const TAKEN_FOR_MAX: usize = 4;
/// Words that are looked at for those; a part of the dictionary that begins alike may be large.
const LOOKED_AT_MAX: usize = 2_000;

/// The dictionaries of an index.
pub(super) struct Lexicon<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) stems: Field,
}

impl Lexicon<'_> {
    /// Whether any document has the stem.
    pub(super) fn knows(&self, stem: &str) -> Result<bool, Error> {
        let term = Term::from_field_text(self.stems, stem);
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.stems).map_err(failed)?;
            if index.get_term_info(&term).map_err(failed_io)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The documents of a segment that have the stem, with the places as frequencies.
    pub(super) fn postings(&self, segment: usize, stem: &str) -> Result<Option<SegmentPostings>, Error> {
        let Some(segment) = self.searcher.segment_readers().get(segment) else { return Ok(None) };
        let index = segment.inverted_index(self.stems).map_err(failed)?;
        let term = Term::from_field_text(self.stems, stem);
        index.read_postings(&term, IndexRecordOption::WithFreqs).map_err(failed_io)
    }

    /// The stems that differ by so many typing errors at most, the most frequent first.
    pub(super) fn near(&self, word: &str, errors: u8) -> Result<Vec<String>, Error> {
        let query = FuzzyTermQuery::new(Term::from_field_text(self.stems, word), errors, true);
        let mut found = BTreeMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.stems).map_err(failed)?;
            let automaton = query.automaton().map_err(failed)?;
            let mut stream = index.terms().search(automaton).into_stream().map_err(failed_io)?;
            while stream.advance() && found.len() < LOOKED_AT_MAX {
                note(stream.key(), stream.value().doc_freq, &mut found);
            }
        }
        // Nobody mistypes the first letter without seeing it.
        Ok(most_frequent(found, |found| !found.starts_with(word.chars().next().unwrap_or_default())))
    }

    /// The stems that begin so, the most frequent first.
    pub(super) fn beginning(&self, beginning: &str) -> Result<Vec<String>, Error> {
        let mut found = BTreeMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.stems).map_err(failed)?;
            let mut stream = index.terms().range().ge(beginning).into_stream().map_err(failed_io)?;
            while stream.advance()
                && stream.key().starts_with(beginning.as_bytes())
                && found.len() < LOOKED_AT_MAX
            {
                note(stream.key(), stream.value().doc_freq, &mut found);
            }
        }
        Ok(most_frequent(found, |_| false))
    }
}

fn note(word: &[u8], documents: u32, found: &mut BTreeMap<String, u32>) {
    if let Ok(word) = std::str::from_utf8(word) {
        *found.entry(word.to_owned()).or_default() += documents;
    }
}

fn most_frequent(found: BTreeMap<String, u32>, is_worse: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<(String, u32)> = found.into_iter().collect();
    found.sort_by_key(|(word, documents)| (is_worse(word), std::cmp::Reverse(*documents)));
    found.truncate(TAKEN_FOR_MAX);
    found.into_iter().map(|(word, _)| word).collect()
}

/// The index lies in memory and no bytes come from elsewhere, so it fails by a bug or for want of memory.
pub(super) fn failed(error: tantivy::TantivyError) -> Error {
    Error::new(ErrorCode::Internal, format!("the index of the library cannot be used: {error}"))
}

fn failed_io(error: io::Error) -> Error {
    failed(error.into())
}
