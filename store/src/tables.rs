//! Typed reads, and the door to the writer thread. It decides nothing about a play.

use std::{path::Path, sync::Arc, time::Duration};

use hero_sdk::{
    PlaySid, ResumeId, VersionSid, WorkflowSid,
    model::{Artifact, Example, Play, ResumeRequest, Status, Workflow, WorkflowVersion},
};

use crate::{
    Batch, Change, Direction, Durability, Error, PlayRow, Record, Scan, Store, Tally, codec, disk::Disk,
    keys::Key, shapes::Shaped, store::Row, writer::Writer,
};

/// Rows that one scan of a filtered list reads at a time, so that a rare match does not load everything at once.
const PAGE_ROWS: usize = 64;

/// How to open a store.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// How long to wait for another process to let go of the lock.
    pub lock_wait: Duration,
}

/// Which plays a list wants; every part is optional.
#[derive(Clone, Debug, Default)]
pub struct PlayFilter {
    /// Only plays of a workflow.
    pub workflow: Option<OfWorkflow>,
    /// Only plays that stand here.
    pub status: Option<Status>,
    /// Only plays that this one spawned.
    pub parent: Option<PlaySid>,
    /// Only plays with this label.
    pub tag: Option<String>,
}

/// Which workflow a play is of: that of this name when it was started, or that of this id, whatever its name was.
#[derive(Clone, Debug)]
pub struct OfWorkflow {
    /// The name; for a file, its name.
    pub name: String,
    /// The workflow that has this name now, or is meant by it.
    pub workflow_sid: Option<WorkflowSid>,
}

impl OfWorkflow {
    fn admits(&self, play: &Play) -> bool {
        self.name == play.workflow || self.workflow_sid.is_some() && self.workflow_sid == play.workflow_sid
    }
}

impl PlayFilter {
    fn admits(&self, play: &Play) -> bool {
        self.workflow.as_ref().is_none_or(|workflow| workflow.admits(play))
            && self.status.is_none_or(|status| status == play.status)
            && self.parent.as_ref().is_none_or(|parent| play.parent_play_sid.as_ref() == Some(parent))
            && self.tag.as_ref().is_none_or(|tag| play.tags.contains(tag))
    }
}

/// Typed tables over a [`Store`]. A clone is cheap and speaks to the same store.
///
/// Reads run on the caller's thread; they are short, and bounded by what they return but for filtered lists.
#[derive(Clone)]
pub struct Tables {
    pub(crate) store: Arc<dyn Store>,
    writer: Writer,
}

impl Tables {
    /// Opens the store in `directory`, or makes it. Blocks for the lock and for recovery.
    pub fn open(directory: &Path, options: OpenOptions) -> Result<Self, Error> {
        let disk = Disk::open(directory, options.lock_wait)?;
        Self::start(Arc::new(disk))
    }

    /// Tables over any engine. Panics when the system has no thread left.
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::start(store).expect("the system has a thread for the writer")
    }

    fn start(store: Arc<dyn Store>) -> Result<Self, Error> {
        let writer = Writer::start(Arc::clone(&store))?;
        Ok(Self { store, writer })
    }

    /// A play.
    pub fn play(&self, play: &PlaySid) -> Result<Option<PlayRow>, Error> {
        self.get(&Key::play(play))
    }

    /// Plays that `filter` admits, newest first, from the one before `before` on.
    pub fn plays_page(
        &self,
        filter: &PlayFilter,
        before: Option<&PlaySid>,
        limit: usize,
    ) -> Result<Vec<Play>, Error> {
        // Plays that are not terminal are few and have an index; the others are the list itself.
        let through_index = filter.status.is_some_and(|status| !status.is_terminal());
        let first = if through_index { Key::all_unfinished() } else { Key::all_plays() };
        let mut end = match before {
            Some(play) if through_index => Key::unfinished(play).bytes,
            Some(play) => Key::play(play).bytes,
            None => first.after_prefix(),
        };
        let mut plays = Vec::new();
        while plays.len() < limit {
            let rows = self.store.scan(Scan {
                table: first.table,
                keys: first.bytes.clone()..end,
                direction: Direction::Backward,
                limit: PAGE_ROWS,
            })?;
            let Some((last_key, _)) = rows.last() else { break };
            end = last_key.clone();
            for (key, value) in rows {
                let row: Option<PlayRow> = if through_index {
                    self.play(&codec::decode(first.table, &key, &value)?)?
                } else {
                    Some(codec::decode(first.table, &key, &value)?)
                };
                plays.extend(row.map(|row| row.play).filter(|play| filter.admits(play)));
                if plays.len() == limit {
                    break;
                }
            }
        }
        Ok(plays)
    }

    /// Plays that are not terminal, oldest first.
    pub fn plays_unfinished(&self) -> Result<Vec<PlayRow>, Error> {
        let sids: Vec<PlaySid> = self.all(&Key::all_unfinished())?;
        let mut plays = Vec::with_capacity(sids.len());
        for sid in sids {
            // Between the two reads it may have ended.
            plays.extend(self.play(&sid)?.filter(|row| !row.play.status.is_terminal()));
        }
        Ok(plays)
    }

    /// How many plays stand where, of those that are not terminal.
    pub fn unfinished_by_status(&self) -> Result<Vec<(Status, u64)>, Error> {
        let mut counts: Vec<(Status, u64)> = Vec::new();
        for sid in self.all::<PlaySid>(&Key::all_unfinished())? {
            // Between the two reads it may have ended.
            let Some(status) = self.play(&sid)?.map(|row| row.play.status) else { continue };
            match counts.iter_mut().find(|(known, _)| *known == status) {
                _ if status.is_terminal() => {}
                Some((_, count)) => *count += 1,
                None => counts.push((status, 1)),
            }
        }
        Ok(counts)
    }

    /// The play that was started with this key.
    pub fn play_by_idempotency_key(&self, key: &str) -> Result<Option<PlaySid>, Error> {
        self.get(&Key::idempotency(key))
    }

    /// A version.
    pub fn version(&self, version: &VersionSid) -> Result<Option<WorkflowVersion>, Error> {
        self.get(&Key::version(version))
    }

    /// The version of this digest; the one put last, where several have it.
    pub fn version_by_digest(&self, digest: &str) -> Result<Option<WorkflowVersion>, Error> {
        self.through(&Key::digest(digest), Self::version)
    }

    /// A workflow.
    pub fn workflow(&self, workflow: &WorkflowSid) -> Result<Option<Workflow>, Error> {
        self.get(&Key::workflow(workflow))
    }

    /// The workflow of this name.
    pub fn workflow_by_name(&self, name: &str) -> Result<Option<Workflow>, Error> {
        // A renamed workflow leaves its former name in the index.
        Ok(self.through(&Key::name(name), Self::workflow)?.filter(|workflow| workflow.name == name))
    }

    /// Every workflow, oldest first.
    pub fn workflows(&self) -> Result<Vec<Workflow>, Error> {
        self.all(&Key::workflows())
    }

    /// Workflows behind this one, oldest first.
    pub fn workflows_after(&self, after: Option<&WorkflowSid>, limit: usize) -> Result<Vec<Workflow>, Error> {
        let all = Key::workflows();
        // The least key above that of the last one.
        let start =
            after.map_or_else(|| all.bytes.clone(), |after| [&*Key::workflow(after).bytes, &[0]].concat());
        let keys = start..all.after_prefix();
        let scan = Scan { table: all.table, keys, direction: Direction::Forward, limit };
        decode_all(all.table, self.store.scan(scan)?)
    }

    /// A version by its number.
    pub fn workflow_version(
        &self,
        workflow: &WorkflowSid,
        number: u32,
    ) -> Result<Option<WorkflowVersion>, Error> {
        self.through(&Key::number(workflow, number), Self::version)
    }

    /// The versions of a workflow, by number.
    pub fn versions_of(&self, workflow: &WorkflowSid) -> Result<Vec<WorkflowVersion>, Error> {
        let sids: Vec<VersionSid> = self.all(&Key::numbers(workflow))?;
        let mut versions = Vec::with_capacity(sids.len());
        for sid in sids {
            versions.extend(self.version(&sid)?);
        }
        Ok(versions)
    }

    /// The numbers of a workflow's versions, rising.
    pub fn version_numbers(&self, workflow: &WorkflowSid) -> Result<Vec<u32>, Error> {
        Ok(self.numbered(&Key::numbers(workflow))?.into_iter().map(|(number, _)| number).collect())
    }

    /// A question.
    pub fn resume(&self, resume: &ResumeId) -> Result<Option<ResumeRequest>, Error> {
        self.get(&Key::resume(resume))
    }

    /// Every question of a play, oldest first.
    pub fn resumes_of(&self, play: &PlaySid) -> Result<Vec<ResumeRequest>, Error> {
        self.resumes_in(&Key::resumes_of_play(play))
    }

    /// Every open question, oldest first.
    pub fn resumes_open(&self) -> Result<Vec<ResumeRequest>, Error> {
        let mut resumes = self.resumes_in(&Key::open_resumes())?;
        // Between the two reads it may have been answered.
        resumes.retain(|resume| resume.status == hero_sdk::model::ResumeStatus::Open);
        Ok(resumes)
    }

    /// An artifact.
    pub fn artifact(&self, play: &PlaySid, name: &str) -> Result<Option<Artifact>, Error> {
        self.get(&Key::artifact(play, name))
    }

    /// The artifacts of a play, by name.
    pub fn artifacts(&self, play: &PlaySid) -> Result<Vec<Artifact>, Error> {
        self.all(&Key::artifacts(play))
    }

    /// Whether any artifact has the content of this digest.
    pub fn is_content_in_use(&self, digest: &str) -> Result<bool, Error> {
        let prefix = Key::artifacts_with_digest(digest);
        let keys = prefix.bytes.clone()..prefix.after_prefix();
        let scan = Scan { table: prefix.table, keys, direction: Direction::Forward, limit: 1 };
        Ok(!self.store.scan(scan)?.is_empty())
    }

    /// The records of a play, in order of `seq`.
    pub fn records(&self, play: &PlaySid) -> Result<Vec<Record>, Error> {
        let mut records: Vec<Record> = self.all(&Key::records(play))?;
        records.sort_by_key(|record| record.seq);
        Ok(records)
    }

    /// Changes of a play with a `seq` above `after_seq`, in order of `seq`, each node once in its newest state.
    pub fn changes_after(&self, play: &PlaySid, after_seq: u64, limit: usize) -> Result<Vec<Change>, Error> {
        let Some(first) = after_seq.checked_add(1) else { return Ok(Vec::new()) };
        let rows = self.store.scan(Scan {
            table: crate::Table::Changes,
            keys: Key::change(play, first).bytes..Key::changes(play).after_prefix(),
            direction: Direction::Forward,
            limit,
        })?;
        decode_all(crate::Table::Changes, rows)
    }

    /// What was counted of a version; nothing of one that never ran.
    pub fn tally(&self, workflow: &WorkflowSid, number: u32) -> Result<Option<Tally>, Error> {
        self.get(&Key::tally(workflow, number))
    }

    /// What was counted of a workflow's versions, by number; nothing of those that never ran.
    pub fn tallies(&self, workflow: &WorkflowSid) -> Result<Vec<(u32, Tally)>, Error> {
        let decoded = |(number, (key, value)): (u32, Row)| {
            Ok((number, codec::decode(crate::Table::Library, &key, &value)?))
        };
        self.numbered(&Key::tallies(workflow))?.into_iter().map(decoded).collect()
    }

    /// The input presets of a workflow, by name.
    pub fn examples(&self, workflow: &WorkflowSid) -> Result<Vec<Example>, Error> {
        let mut examples: Vec<Example> = self.all(&Key::examples(workflow))?;
        // A very long name stands in its key as a hash.
        examples.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(examples)
    }

    /// An input preset.
    pub fn example(&self, workflow: &WorkflowSid, name: &str) -> Result<Option<Example>, Error> {
        self.get(&Key::example(workflow, name))
    }

    /// Hands a batch to the writer thread. It waits only for room in the queue, and nothing was submitted when it
    /// is dropped while it waits. `done` runs on the writer thread, in order of submission: it must not block.
    pub async fn submit(
        &self,
        batch: Batch,
        durability: Durability,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) -> Result<(), Error> {
        self.writer.submit(batch, durability, Box::new(done)).await
    }

    /// Writes a batch and returns once it is on disk.
    pub async fn commit(&self, batch: Batch) -> Result<(), Error> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.submit(batch, Durability::Synced, move |result| {
            // A caller that stopped waiting needs no answer.
            drop(reply.send(result));
        })
        .await?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Returns once everything that was submitted before is written, or has failed.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        // What became of it is its callers' business.
        self.submit(Batch::new(), Durability::Buffered, move |_| reply.send(()).unwrap_or_default()).await?;
        answer.await.map_err(|_| Error::Closed)
    }

    /// Why the newest write failed, where it did. It is tried again with each write.
    pub fn trouble(&self) -> Option<Error> {
        self.writer.trouble()
    }

    /// Writes what is queued, makes everything durable, ends the writer thread and lets go of the lock. Other clones
    /// get `Closed` from then on.
    pub async fn close(self) -> Result<(), Error> {
        self.writer.close().await
    }

    /// The same, for a thread outside the asynchronous runtime.
    pub fn close_blocking(self) -> Result<(), Error> {
        self.writer.close_blocking()
    }

    pub(crate) fn get<T: Shaped>(&self, key: &Key) -> Result<Option<T>, Error> {
        let bytes = self.store.get(key.table, &key.bytes)?;
        bytes.map(|bytes| codec::decode(key.table, &key.bytes, &bytes)).transpose()
    }

    /// The row whose id stands at `key` of an index.
    pub(crate) fn through<Id: Shaped, T>(
        &self,
        key: &Key,
        read: impl Fn(&Self, &Id) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        match self.get::<Id>(key)? {
            Some(id) => read(self, &id),
            None => Ok(None),
        }
    }

    pub(crate) fn all<T: Shaped>(&self, prefix: &Key) -> Result<Vec<T>, Error> {
        let rows = self.store.scan(Scan {
            table: prefix.table,
            keys: prefix.bytes.clone()..prefix.after_prefix(),
            direction: Direction::Forward,
            limit: usize::MAX,
        })?;
        decode_all(prefix.table, rows)
    }

    /// The rows of a prefix behind which a number stands.
    fn numbered(&self, prefix: &Key) -> Result<Vec<(u32, Row)>, Error> {
        let rows = self.store.scan(Scan {
            table: prefix.table,
            keys: prefix.bytes.clone()..prefix.after_prefix(),
            direction: Direction::Forward,
            limit: usize::MAX,
        })?;
        let number = |key: &[u8]| Some(u32::from_be_bytes(*key.last_chunk()?));
        Ok(rows.into_iter().filter_map(|row| Some((number(&row.0)?, row))).collect())
    }

    fn resumes_in(&self, prefix: &Key) -> Result<Vec<ResumeRequest>, Error> {
        let ids: Vec<ResumeId> = self.all(prefix)?;
        let mut resumes = Vec::with_capacity(ids.len());
        for id in ids {
            resumes.extend(self.resume(&id)?);
        }
        // Ids sort only to the millisecond.
        resumes.sort_by(|one: &ResumeRequest, other| {
            (one.created_at, &one.resume_id).cmp(&(other.created_at, &other.resume_id))
        });
        Ok(resumes)
    }
}

pub(crate) fn decode_all<T: Shaped>(table: crate::Table, rows: Vec<Row>) -> Result<Vec<T>, Error> {
    rows.iter().map(|(key, value)| codec::decode(table, key, value)).collect()
}
