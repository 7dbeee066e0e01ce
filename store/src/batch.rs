//! Changes that become visible together. Whoever fills it knows what he replaces; what is counted is read when it is written.

use std::collections::{BTreeMap, btree_map::Entry};

use hero_sdk::{
    PlaySid, WorkflowSid,
    model::{Artifact, Example, LogLine, ResumeRequest, ResumeStatus, Span, Workflow, WorkflowVersion},
};
use serde::Serialize;

use crate::{Chain, Error, PlayRow, Record, Run, Store, Tally, Write, codec, keys::Key};

/// Rows to put and to delete, in one piece or not at all. The newest word on a row stands.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rows: BTreeMap<Key, Option<Vec<u8>>>,
    counts: Vec<Count>,
    bytes: usize,
    chain: Option<Chain>,
}

/// A play that has ended, or whose end no longer counts.
#[derive(Clone, Debug)]
enum Count {
    Add(Run),
    TakeOut(Run),
}

impl Count {
    fn run(&self) -> &Run {
        let (Self::Add(run) | Self::TakeOut(run)) = self;
        run
    }
}

/// What a count takes of the queue's room, about.
const COUNT_BYTES: usize = 128;

impl Batch {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes it one of this chain, to be written only if all before it were.
    pub fn follow(&mut self, chain: &Chain) {
        self.chain = Some(chain.clone());
    }

    pub(crate) fn chain(&self) -> Option<&Chain> {
        self.chain.as_ref()
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.counts.is_empty()
    }

    /// Length of all keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts a play, and keeps the indexes of unfinished plays and of idempotency keys.
    pub fn put_play(&mut self, row: &PlayRow) {
        let play = &row.play.play_sid;
        self.put(Key::play(play), row);
        if row.play.status.is_terminal() {
            self.delete(Key::unfinished(play));
        } else {
            self.put(Key::unfinished(play), play);
        }
        if let Some(key) = &row.memory.idempotency_key {
            self.put(Key::idempotency(key), play);
        }
    }

    /// Counts a run in the tally of its version; it is added to whatever is there when this is written.
    pub fn count(&mut self, run: Run) {
        self.counts.push(Count::Add(run));
        self.bytes += COUNT_BYTES;
    }

    /// No longer counts a run that was counted.
    pub fn take_out(&mut self, run: Run) {
        self.counts.push(Count::TakeOut(run));
        self.bytes += COUNT_BYTES;
    }

    /// Puts the record of a path, in place of the one that was there.
    pub fn put_record(&mut self, play: &PlaySid, record: &Record) {
        self.put(Key::record(play, &record.path), record);
    }

    /// Deletes the record of a path, so that the call runs again.
    pub fn delete_record(&mut self, play: &PlaySid, path: &str) {
        self.delete(Key::record(play, path));
    }

    /// Puts a node at its `seq`. `replaces` is the `seq` under which it was put before.
    pub fn put_span(&mut self, play: &PlaySid, span: &Span, replaces: Option<u64>) {
        if let Some(seq) = replaces.filter(|seq| *seq != span.seq) {
            self.delete(Key::change(play, seq));
        }
        self.put(Key::change(play, span.seq), &ChangeRef::Span(span));
    }

    /// Puts a line of text at its `seq`.
    pub fn put_log(&mut self, play: &PlaySid, line: &LogLine) {
        self.put(Key::change(play, line.seq), &ChangeRef::Log(line));
    }

    /// Puts a question, and keeps the indexes by play and of open ones.
    pub fn put_resume(&mut self, resume: &ResumeRequest) {
        let id = &resume.resume_id;
        self.put(Key::resume(id), resume);
        self.put(Key::resume_of_play(&resume.play_sid, id), id);
        if resume.status == ResumeStatus::Open {
            self.put(Key::open_resume(id), id);
        } else {
            self.delete(Key::open_resume(id));
        }
    }

    /// Puts an artifact, and keeps the index by content. `replaces` is the digest under which it was put before.
    pub fn put_artifact(&mut self, artifact: &Artifact, replaces: Option<&str>) {
        let Artifact { play_sid, name, digest, .. } = artifact;
        if let Some(before) = replaces.filter(|before| before != digest) {
            self.delete(Key::artifact_with_digest(before, play_sid, name));
        }
        self.put(Key::artifact(play_sid, name), artifact);
        self.put(Key::artifact_with_digest(digest, play_sid, name), play_sid);
    }

    /// Puts a version, and keeps the indexes by digest (the newest put wins) and by number.
    pub fn put_version(&mut self, version: &WorkflowVersion) {
        let sid = &version.version_sid;
        self.put(Key::version(sid), version);
        self.put(Key::digest(&version.digest), sid);
        if let (Some(workflow), Some(number)) = (&version.workflow_sid, version.version) {
            self.put(Key::number(workflow, number), sid);
        }
    }

    /// Puts a version that came with a play and is of a workflow: it is found by its id only, since whether its workflow
    /// has it, and runs it, is nothing that a play decides.
    pub fn put_version_of_play(&mut self, version: &WorkflowVersion) {
        self.put(Key::version(&version.version_sid), version);
    }

    /// Puts a workflow, and keeps the index by name. A former name is forgotten, since readers check it.
    pub fn put_workflow(&mut self, workflow: &Workflow) {
        self.put(Key::workflow(&workflow.workflow_sid), workflow);
        self.put(Key::name(&workflow.name), &workflow.workflow_sid);
    }

    /// Deletes a workflow and its name. Its versions stay; see [`Self::delete_number`].
    pub fn delete_workflow(&mut self, workflow: &Workflow) {
        self.delete(Key::workflow(&workflow.workflow_sid));
        self.delete(Key::name(&workflow.name));
    }

    /// Deletes a version's number, by which its workflow finds it, with its tally; the version stays for plays that ran
    /// it.
    pub fn delete_number(&mut self, workflow: &WorkflowSid, number: u32) {
        self.delete(Key::number(workflow, number));
        self.delete(Key::tally(workflow, number));
    }

    /// Deletes an input preset.
    pub fn delete_example(&mut self, workflow: &WorkflowSid, name: &str) {
        self.delete(Key::example(workflow, name));
    }

    /// Puts an input preset, in place of the one of that name.
    pub fn put_example(&mut self, example: &Example) {
        self.put(Key::example(&example.workflow_sid, &example.name), example);
    }

    /// Adds a later batch; where both speak of a row, the later one stands.
    pub(crate) fn append(&mut self, later: Self) {
        for (key, value) in later.rows {
            self.set(key, value);
        }
        self.counts.extend(later.counts);
    }

    /// Adds what is counted to the tallies that are there. Only the writer calls it, and nobody else writes tallies, so
    /// what it reads is the newest.
    pub(crate) fn tally(&mut self, store: &dyn Store) -> Result<(), Error> {
        let mut tallies: BTreeMap<Key, Option<Tally>> = BTreeMap::new();
        for count in std::mem::take(&mut self.counts) {
            let Run { workflow_sid, version, .. } = count.run();
            let key = Key::tally(workflow_sid, *version);
            let tally = match tallies.entry(key) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let number = Key::number(workflow_sid, *version);
                    let known = self.tally_at(entry.key(), &number, store)?;
                    entry.insert(known)
                }
            };
            match (tally, &count) {
                (Some(tally), Count::Add(run)) => tally.add(run),
                (Some(tally), Count::TakeOut(run)) => tally.take_out(run),
                (None, _) => {}
            }
        }
        for (key, tally) in tallies {
            if let Some(tally) = tally {
                self.put(key, &tally);
            }
        }
        Ok(())
    }

    /// The tally of a version, where it is still one of its workflow. One that is damaged stays as it is and counts no
    /// more, since no play may fail because of it.
    fn tally_at(&self, key: &Key, number: &Key, store: &dyn Store) -> Result<Option<Tally>, Error> {
        if let Some(bytes) = self.found(key, store)? {
            let decoded = codec::decode(key.table, &key.bytes, &bytes);
            let said = |error: &Error| tracing::error!(%error, "a tally cannot be read and counts no more");
            return Ok(decoded.inspect_err(said).ok());
        }
        Ok(self.found(number, store)?.map(|_| Tally::default()))
    }

    /// A row as it will be before this batch is written, or as it is.
    fn found(&self, key: &Key, store: &dyn Store) -> Result<Option<Vec<u8>>, Error> {
        match self.rows.get(key) {
            Some(value) => Ok(value.clone()),
            None => store.get(key.table, &key.bytes),
        }
    }

    /// What the engine is to write.
    pub(crate) fn into_writes(self) -> Vec<Write> {
        self.rows.into_iter().map(|(key, value)| Write { table: key.table, key: key.bytes, value }).collect()
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: Key, row: &T) {
        let value = codec::encode(&key, row);
        self.set(key, Some(value));
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.set(key, None);
    }

    fn set(&mut self, key: Key, value: Option<Vec<u8>>) {
        let length = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        self.bytes += length(&value);
        match self.rows.entry(key) {
            Entry::Vacant(entry) => {
                self.bytes += entry.key().bytes.len();
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => {
                self.bytes -= length(entry.get());
                entry.insert(value);
            }
        }
    }
}

/// `Change` without a copy; the order of variants is that of `Change`.
#[derive(Serialize)]
enum ChangeRef<'a> {
    Span(&'a Span),
    Log(&'a LogLine),
}
