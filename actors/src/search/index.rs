//! The index: documents go in, are committed, and are found by many readers at once.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
};

use hero_sdk::{Error, WorkflowSid};
use tantivy::{
    Index as Postings, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use super::{
    Document, Found, Ingredients, Query,
    entry::{Analyzed, Entry, analyzed},
    lexicon::{Lexicon, failed},
    placed::Placed,
    ranking::Ranking,
    synonyms::Synonyms,
    vocabulary::Vocabulary,
    words::Words,
};

/// Bytes that wait in the writer before they become a segment; the least that tantivy takes.
const WRITER_BYTES: usize = 15_000_000;

/// An index of the library, in memory. What was put is found from the next [`Index::commit`] on. All methods may be
/// called from any thread; those that write wait for each other, and searching waits for nobody. An error of `put` or
/// `commit` is one of the machine or a bug: the index is then to be built anew.
pub struct Index {
    ingredients: Ingredients,
    fields: Fields,
    synonyms: Synonyms,
    reader: IndexReader,
    /// What readers see: replaced by each commit, and held by those that are still searching.
    view: RwLock<Arc<Searcher>>,
    entries: RwLock<HashMap<u64, Arc<Entry>>>,
    writer: Mutex<Writer>,
    /// One for each thread that has put at the same time as others.
    vocabularies: Mutex<Vec<Vocabulary>>,
}

#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Which put it was.
    pub(super) put: Field,
    /// Stems, with their places as frequencies.
    pub(super) stems: Field,
    pub(super) tags: Field,
}

struct Writer {
    postings: IndexWriter,
    puts: u64,
    /// The last put of each document.
    current: HashMap<WorkflowSid, u64>,
    /// Puts that readers see until the next commit.
    retired: Vec<u64>,
    /// Earlier views, the oldest first, with the puts that were seen in them for the last time.
    earlier: VecDeque<(Weak<Searcher>, Vec<u64>)>,
}

impl Index {
    /// An empty index.
    pub fn new(ingredients: Ingredients) -> Result<Self, Error> {
        let (schema, fields) = schema();
        let postings = Postings::create_in_ram(schema);
        postings.tokenizers().register("placed", Placed::default());
        let reader =
            postings.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let words = Words::new(ingredients);
        let synonyms = if ingredients.synonyms { Synonyms::new(&words) } else { Synonyms::none() };
        let writer = Writer {
            postings: postings.writer_with_num_threads(1, WRITER_BYTES).map_err(failed)?,
            puts: 0,
            current: HashMap::new(),
            retired: Vec::new(),
            earlier: VecDeque::new(),
        };
        Ok(Self {
            ingredients,
            fields,
            synonyms,
            view: RwLock::new(Arc::new(reader.searcher())),
            reader,
            entries: RwLock::default(),
            writer: Mutex::new(writer),
            vocabularies: Mutex::default(),
        })
    }

    /// Puts a document in the place of the one of the same workflow, if there is one. A library is loaded faster by two
    /// threads that put.
    pub fn put(&self, document: &Document) -> Result<(), Error> {
        let analyzed = self.analyzed(document);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.puts += 1;
        let put = writer.puts;
        writer.retire(&document.workflow_sid, self.fields);
        writer.add(&analyzed, put, self.fields)?;
        writer.current.insert(document.workflow_sid.clone(), put);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(put, Arc::new(analyzed.entry));
        Ok(())
    }

    /// Removes the document of a workflow, if there is one.
    pub fn remove(&self, workflow_sid: &WorkflowSid) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.retire(workflow_sid, self.fields);
    }

    /// Lets readers see all that was put and removed.
    pub fn commit(&self) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.postings.commit().map_err(failed)?;
        self.reader.reload().map_err(failed)?;
        let next = Arc::new(self.reader.searcher());
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *view, next);
        drop(view);
        let retired = std::mem::take(&mut writer.retired);
        writer.earlier.push_back((Arc::downgrade(&last), retired));
        drop(last);
        self.forget(&mut writer.earlier);
        Ok(())
    }

    /// Documents that can be found.
    pub fn len(&self) -> u64 {
        self.view().num_docs()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best documents, best first; those of one score in the order of their ids. Empty when nothing answers.
    ///
    /// Fails with `invalid_params` if the question has the wrong form, is empty, too long or no text.
    pub fn search(&self, query: &Query) -> Result<Found, Error> {
        let query = query.checked()?;
        let searcher = self.view();
        let lexicon = Lexicon { searcher: &searcher, stems: self.fields.stems };
        let ranking = Ranking {
            lexicon,
            fields: self.fields,
            synonyms: &self.synonyms,
            ingredients: self.ingredients,
            entries: &self.entries,
        };
        ranking.found(&query)
    }

    /// Takes a document apart, with words that an earlier one has left. It is half of the work of a put, and waits for
    /// nobody.
    fn analyzed(&self, document: &Document) -> Analyzed {
        let vocabularies = || self.vocabularies.lock().unwrap_or_else(PoisonError::into_inner);
        let left = vocabularies().pop();
        let mut vocabulary = left.unwrap_or_else(|| Vocabulary::new(self.ingredients));
        let analyzed = analyzed(document, &mut vocabulary, self.ingredients);
        vocabularies().push(vocabulary);
        analyzed
    }

    /// Drops the entries that nobody can see any more.
    fn forget(&self, earlier: &mut VecDeque<(Weak<Searcher>, Vec<u64>)>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, puts)) = earlier.pop_front_if(|(view, _)| view.strong_count() == 0) {
            for put in puts {
                entries.remove(&put);
            }
        }
    }

    fn view(&self) -> Arc<Searcher> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Writer {
    fn retire(&mut self, workflow_sid: &WorkflowSid, fields: Fields) {
        if let Some(put) = self.current.remove(workflow_sid) {
            self.postings.delete_term(Term::from_field_u64(fields.put, put));
            self.retired.push(put);
        }
    }

    fn add(&self, analyzed: &Analyzed, put: u64, fields: Fields) -> Result<(), Error> {
        let mut row = TantivyDocument::new();
        row.add_u64(fields.put, put);
        row.add_text(fields.stems, &analyzed.stems);
        for tag in &analyzed.tags {
            row.add_text(fields.tags, tag);
        }
        self.postings.add_document(row).map(|_| ()).map_err(failed)
    }
}

fn schema() -> (Schema, Fields) {
    let indexed = |tokenizer: &str, option: IndexRecordOption| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing.set_index_option(option))
    };
    let mut schema = Schema::builder();
    let fields = Fields {
        put: schema.add_u64_field("put", FAST | INDEXED),
        stems: schema.add_text_field("stems", indexed("placed", IndexRecordOption::WithFreqs)),
        tags: schema.add_text_field("tags", indexed("raw", IndexRecordOption::Basic)),
    };
    (schema.build(), fields)
}
