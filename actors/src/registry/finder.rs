//! Keeps an index of the library for searches: built from the store on a thread of its own, and kept up with each change.
//! It holds no truth: what it finds is read from the store again.

use std::{
    num::NonZero,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
};

use hero_sdk::{Error, ErrorCode, Json, WorkflowSid, model::Workflow};
use hero_store::Tables;
use tokio::sync::watch;

use super::bundled::{BundledFlow, LABEL};
use crate::search::{Document, Found, Index, Ingredients, Query};

/// Threads that read the library at its beginning: taking sources apart is what takes the time.
const READERS_MAX: usize = 4;
/// Workflows that one of them reads at a time.
const PAGE: usize = 256;

/// An index of a library. When the last one goes, so does its thread.
pub(crate) struct Finder {
    shared: Arc<Shared>,
    tables: Tables,
    bundled: Arc<Vec<BundledFlow>>,
}

/// Where the newest finder is; one that takes the place of another is built when that was.
#[derive(Default)]
pub(crate) struct NewestFinder(RwLock<Option<Arc<Finder>>>);

impl NewestFinder {
    pub(super) fn set(&self, finder: Finder) {
        let mut newest = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let was_wanted = newest.as_ref().is_some_and(|before| before.shared.lock().is_wanted);
        // Where there is no thread now, the first search says so.
        if was_wanted && let Err(error) = finder.begin() {
            tracing::warn!(%error, "searches begin later");
        }
        *newest = Some(Arc::new(finder));
    }

    pub(crate) fn get(&self) -> Arc<Finder> {
        let newest = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        newest.expect("the registry sets it before anybody reaches the library")
    }
}

struct Shared {
    wishes: Mutex<Wishes>,
    wished: Condvar,
    /// Up to which wish everything is done, and with which index.
    done: watch::Sender<Done>,
}

#[derive(Default)]
struct Wishes {
    /// Wishes that there were.
    count: u64,
    /// True once somebody wants it built.
    is_wanted: bool,
    /// Workflows to be read again.
    changed: Vec<WorkflowSid>,
    is_over: bool,
}

#[derive(Clone, Default)]
struct Done {
    count: u64,
    index: Option<Result<Arc<Index>, Error>>,
}

impl Finder {
    /// One of this library. It is built when it is wanted first.
    pub(super) fn new(tables: Tables, bundled: Arc<Vec<BundledFlow>>) -> Self {
        let shared =
            Shared { wishes: Mutex::default(), wished: Condvar::new(), done: watch::Sender::default() };
        Self { shared: Arc::new(shared), tables, bundled }
    }

    /// Has it built in the background.
    pub(crate) fn begin(&self) -> Result<(), Error> {
        let mut wishes = self.shared.lock();
        if wishes.is_wanted {
            return Ok(());
        }
        let (shared, tables, bundled) =
            (Arc::clone(&self.shared), self.tables.clone(), Arc::clone(&self.bundled));
        let thread = std::thread::Builder::new().name("library-search".to_owned());
        let spawned = thread.spawn(move || shared.run(&tables, &bundled));
        spawned.map_err(|error| {
            Error::new(ErrorCode::Busy, format!("the system has no thread for searches: {error}"))
        })?;
        wishes.is_wanted = true;
        wishes.count += 1;
        Ok(())
    }

    /// A workflow is not in the store any more as it was.
    pub(super) fn changed(&self, workflow_sid: WorkflowSid) {
        let mut wishes = self.shared.lock();
        if wishes.is_wanted {
            wishes.count += 1;
            wishes.changed.push(workflow_sid);
            self.shared.wished.notify_one();
        }
    }

    /// The index once everything is in it that was in the store when this was asked.
    pub(super) async fn index(&self) -> Result<Arc<Index>, Error> {
        self.begin()?;
        let wanted = {
            let mut wishes = self.shared.lock();
            // What could not be read may be readable now.
            if matches!(self.shared.done.borrow().index, Some(Err(_))) {
                wishes.count += 1;
                self.shared.wished.notify_one();
            }
            wishes.count
        };
        let mut done = self.shared.done.subscribe();
        let done = done.wait_for(|done| done.count >= wanted).await.map_err(|_| crate::call::gone())?;
        match &done.index {
            Some(index) => index.clone(),
            None => Err(crate::call::gone()),
        }
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.wished.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, tables: &Tables, bundled: &[BundledFlow]) {
        let mut index: Option<Arc<Index>> = None;
        loop {
            let Some((count, changed)) = self.next() else { return };
            let kept = match &index {
                Some(known) => update(known, tables, &changed).map(|()| Arc::clone(known)),
                // Nothing yet, or what there was is not to be trusted.
                None => built(tables, bundled).map(Arc::new),
            };
            if let Err(error) = &kept {
                tracing::error!(%error, "the library cannot be indexed for searches");
            }
            index = kept.as_ref().ok().cloned();
            self.done.send_replace(Done { count, index: Some(kept) });
        }
    }

    /// The next wishes, once there are some; none when it is over.
    fn next(&self) -> Option<(u64, Vec<WorkflowSid>)> {
        let mut wishes = self.lock();
        loop {
            if wishes.is_over {
                return None;
            }
            if wishes.count > self.done.borrow().count {
                return Some((wishes.count, std::mem::take(&mut wishes.changed)));
            }
            wishes = self.wished.wait(wishes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn built(tables: &Tables, bundled: &[BundledFlow]) -> Result<Index, Error> {
    let index = Index::new(Ingredients::default())?;
    for flow in bundled {
        if tables.workflow_by_name(&flow.name)?.is_none() {
            index.put(&of_bundled(flow))?;
        }
    }
    let readers = std::thread::available_parallelism().map_or(1, NonZero::get).min(READERS_MAX);
    // So that what is read does not lie in memory as a whole beside the index.
    let last = Mutex::new(None);
    let next_page = || {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let page = tables.workflows_after(last.as_ref(), PAGE)?;
        if let Some(workflow) = page.last() {
            *last = Some(workflow.workflow_sid.clone());
        }
        Ok::<_, Error>(page)
    };
    let read = || loop {
        let page = next_page()?;
        if page.is_empty() {
            return Ok::<_, Error>(());
        }
        page.iter().try_for_each(|workflow| put(&index, tables, workflow))?;
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..readers).map(|_| scope.spawn(read)).collect();
        let broken = |_| Error::new(ErrorCode::Internal, "a thread that reads the library has broken");
        readers.into_iter().try_for_each(|reader| reader.join().map_err(broken)?)
    })?;
    index.commit()?;
    Ok(index)
}

fn update(index: &Index, tables: &Tables, changed: &[WorkflowSid]) -> Result<(), Error> {
    for workflow_sid in changed {
        match tables.workflow(workflow_sid)? {
            Some(workflow) => put(index, tables, &workflow)?,
            None => index.remove(workflow_sid),
        }
    }
    index.commit()
}

fn put(index: &Index, tables: &Tables, workflow: &Workflow) -> Result<(), Error> {
    let Workflow { workflow_sid, name, description, tags, current_version, archived, .. } = workflow;
    let version = match archived {
        false => tables.workflow_version(workflow_sid, *current_version)?,
        true => None,
    };
    let Some(version) = version else {
        index.remove(workflow_sid);
        return Ok(());
    };
    index.put(&Document {
        workflow_sid: workflow_sid.clone(),
        name: name.clone(),
        description: description.clone(),
        tags: tags.clone(),
        inputs: version.inputs,
        outputs: version.outputs,
        source: version.source,
    })
}

/// A bundled flow that never ran: nobody knows yet what it takes.
fn of_bundled(flow: &BundledFlow) -> Document {
    Document {
        workflow_sid: flow.workflow_sid(),
        name: flow.name.clone(),
        description: flow.description.clone(),
        tags: vec![LABEL.to_owned()],
        inputs: Json::null(),
        outputs: Json::null(),
        source: flow.source.clone(),
    }
}

/// What is found with this query, with the number of workflows that were looked through.
pub(super) async fn find(finder: &Finder, query: Query) -> Result<(Found, u64), Error> {
    let index = finder.index().await?;
    let search = move || Ok((index.search(&query)?, index.len()));
    let searched = tokio::task::spawn_blocking(search).await;
    searched.map_err(|error| Error::new(ErrorCode::Internal, format!("a search broke: {error}")))?
}
