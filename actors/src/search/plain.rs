//! Plain BM25, tantivy's own, over one field of all text: what the search must be better than.

use hero_sdk::{Error, WorkflowSid};
use tantivy::{
    Index, IndexReader, IndexWriter, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, Occur, TermQuery},
    schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{LowerCaser, SimpleTokenizer, TextAnalyzer},
};

use super::{Document, lexicon::failed};

/// Bytes that wait in the writer.
const WRITER_BYTES: usize = 15_000_000;

/// Documents as plain text, split at what is no letter or digit, in lower case.
pub struct Plain {
    workflow_sids: Vec<WorkflowSid>,
    reader: IndexReader,
    text: Field,
}

impl Plain {
    /// Indexes the documents.
    pub fn new(documents: &[Document]) -> Result<Self, Error> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("plain")
            .set_index_option(IndexRecordOption::WithFreqs);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
        let number = schema.add_u64_field("number", FAST);
        let index = Index::create_in_ram(schema.build());
        index.tokenizers().register("plain", analyzer());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed)?;
        for (place, document) in documents.iter().enumerate() {
            let Document { name, description, tags, inputs, outputs, source, .. } = document;
            let tags = tags.join(" ");
            let mut row = TantivyDocument::new();
            row.add_text(
                text,
                [name, description, &tags, inputs.as_str(), outputs.as_str(), source].join("\n"),
            );
            row.add_u64(number, place as u64);
            writer.add_document(row).map_err(failed)?;
        }
        writer.commit().map_err(failed)?;
        let workflow_sids = documents.iter().map(|document| document.workflow_sid.clone()).collect();
        Ok(Self { workflow_sids, reader: index.reader().map_err(failed)?, text })
    }

    /// The documents that have any of the words, best first.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<WorkflowSid>, Error> {
        let mut words = Vec::new();
        analyzer().token_stream(text).process(&mut |token| words.push(token.text.clone()));
        let word = |word: String| {
            let term = Term::from_field_text(self.text, &word);
            let query: Box<dyn tantivy::query::Query> =
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            (Occur::Should, query)
        };
        let query = BooleanQuery::new(words.into_iter().map(word).collect());
        let searcher = self.reader.searcher();
        let best = searcher.search(&query, &TopDocs::with_limit(limit).order_by_score()).map_err(failed)?;
        let mut found = Vec::new();
        for (_, address) in best {
            let segment = searcher.segment_reader(address.segment_ord);
            let number = segment.fast_fields().u64("number").map_err(failed)?.first(address.doc_id);
            let place = number.and_then(|number| usize::try_from(number).ok());
            found.extend(place.and_then(|place| self.workflow_sids.get(place)).cloned());
        }
        Ok(found)
    }
}

fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser).build()
}
