//! The one thread that writes: it takes everything that is queued, writes it as one group, and then tells every
//! caller. While it waits for the disk the next group gathers, so there is no delay for the sake of gathering.
//!
//! It knows batches, not rows.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::{Batch, Chain, Durability, Error, Store};

/// Most batches that wait in the queue or form one group. Beyond it callers wait: a group of 256 takes about a
/// millisecond, which a single caller in it should not see grow.
const GROUP_BATCHES_MAX: usize = 256;
/// Most bytes that wait in the queue or form one group, one larger batch excepted. It bounds the server's memory.
const QUEUE_BYTES_MAX: u32 = 32 << 20;

/// Called once the group of a batch is written, or failed.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Error>) + Send>;

enum Message {
    Batch(Queued),
    /// Write what is queued, close the store, answer, end.
    Close {
        reply: oneshot::Sender<Result<(), Error>>,
    },
}

struct Queued {
    batch: Batch,
    durability: Durability,
    done: Done,
    /// Its share of `QUEUE_BYTES_MAX`, free again once it is written.
    room: OwnedSemaphorePermit,
}

/// Why the newest group was not written, where it was not.
type Trouble = Arc<Mutex<Option<Error>>>;

/// The way to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    trouble: Trouble,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    pub(crate) fn start(store: Arc<dyn Store>) -> Result<Self, Error> {
        let (queue, messages) = mpsc::channel(GROUP_BATCHES_MAX);
        let trouble = Trouble::default();
        let told = Arc::clone(&trouble);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(store.as_ref(), messages, &told))
            .map_err(|error| Error::io("start the store's writer thread", "", error))?;
        let room = Arc::new(Semaphore::new(QUEUE_BYTES_MAX as usize));
        Ok(Self { queue, room, trouble, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    pub(crate) async fn submit(&self, batch: Batch, durability: Durability, done: Done) -> Result<(), Error> {
        let bytes = u32::try_from(batch.bytes()).unwrap_or(u32::MAX).min(QUEUE_BYTES_MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.map_err(|_| Error::Closed)?;
        let queued = Queued { batch, durability, done, room };
        self.queue.send(Message::Batch(queued)).await.map_err(|_| Error::Closed)
    }

    pub(crate) fn trouble(&self) -> Option<Error> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Close { reply }).await.map_err(|_| Error::Closed)?;
        let result = answer.await.map_err(|_| Error::Closed)?;
        self.join();
        result
    }

    pub(crate) fn close_blocking(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.queue.blocking_send(Message::Close { reply }).map_err(|_| Error::Closed)?;
        let result = answer.blocking_recv().map_err(|_| Error::Closed)?;
        self.join();
        result
    }

    /// The thread has answered and is about to end.
    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

fn run(store: &dyn Store, mut messages: mpsc::Receiver<Message>, trouble: &Mutex<Option<Error>>) {
    let mut taken = Vec::with_capacity(GROUP_BATCHES_MAX);
    let mut closing = Vec::new();
    // Nothing comes only when every `Tables` is gone, or when the queue is closed and empty.
    while messages.blocking_recv_many(&mut taken, GROUP_BATCHES_MAX) > 0 {
        let mut group = Vec::with_capacity(taken.len());
        for message in taken.drain(..) {
            match message {
                Message::Batch(queued) => group.push(queued),
                Message::Close { reply } => {
                    messages.close();
                    closing.push(reply);
                }
            }
        }
        write(store, group, trouble);
    }
    let result = store.close();
    if let Err(error) = &result {
        tracing::error!(%error, "the store was not closed well");
    }
    for reply in closing {
        // Whoever asked may be gone.
        drop(reply.send(result.clone()));
    }
}

fn write(store: &dyn Store, group: Vec<Queued>, trouble: &Mutex<Option<Error>>) {
    if group.is_empty() {
        return;
    }
    let mut all = Batch::new();
    let mut durability = Durability::Buffered;
    let mut callers = Vec::with_capacity(group.len());
    let mut chains = Vec::new();
    for queued in group {
        let chain = queued.batch.chain();
        if let Some(error) = chain.and_then(Chain::broken) {
            tell(queued.done, Err(error.clone()));
            continue;
        }
        chains.extend(chain.cloned());
        durability = durability.max(queued.durability);
        if all.is_empty() {
            all = queued.batch
        } else {
            all.append(queued.batch)
        }
        callers.push((queued.done, queued.room));
    }
    if callers.is_empty() {
        return;
    }
    // A bug of the engine must not take the writer along: whoever waits is told, and the next group is tried.
    let result = if all.is_empty() && durability == Durability::Buffered {
        Ok(())
    } else {
        let written = catch_unwind(AssertUnwindSafe(|| {
            all.tally(store)?;
            store.write(&all.into_writes(), durability)
        }));
        let panicked = || Error::Engine { what: "write to the store, which panicked".into(), source: None };
        let result = written.unwrap_or_else(|_| Err(panicked()));
        *trouble.lock().unwrap_or_else(PoisonError::into_inner) = result.clone().err();
        result
    };
    if let Err(error) = &result {
        chains.iter().for_each(|chain| chain.break_off(error));
    }
    for (done, room) in callers {
        drop(room);
        tell(done, result.clone());
    }
}

/// One caller's bug must not take the writer from all others.
fn tell(done: Done, result: Result<(), Error>) {
    if catch_unwind(AssertUnwindSafe(|| done(result))).is_err() {
        tracing::error!("a caller of the store panicked when it was told of its write");
    }
}
