//! Every actor panics, and every actor freezes, in the middle of its work: what it should answer is waited for by one
//! whose waking does that. `supervision` kills them; the store and the fork server have tests of their own.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, SyncSender, sync_channel},
    },
    task::{Context, Wake, Waker},
};

use hero_sdk::{
    ErrorCode, Json, Logic as _, ResumeId,
    logic::{PlayRunAsync, WorkflowList},
    model::Status,
};
use ractor::RpcReplyPort;

use super::{eventually, limited, settled, supervision::Stage};
use crate::{launcher, play, plays, registry};

/// Is woken in the actor that answers.
struct Trap(Box<dyn Fn() + Send + Sync>);

impl Wake for Trap {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A place for an answer, and who waits for it: whoever sends the answer runs into the trap.
struct Bait<R> {
    _answer: Pin<Box<ractor::concurrency::OneshotReceiver<R>>>,
}

impl<R: Send + 'static> Bait<R> {
    fn new(trap: impl Fn() + Send + Sync + 'static) -> (RpcReplyPort<R>, Self) {
        let (reply, answer) = ractor::concurrency::oneshot();
        let mut answer = Box::pin(answer);
        let waker = Waker::from(Arc::new(Trap(Box::new(trap))));
        assert!(answer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        (reply.into(), Self { _answer: answer })
    }
}

/// The actors of a runtime.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Launcher,
    Registry,
    Plays,
    Play,
}

const ALL: [Which; 4] = [Which::Launcher, Which::Registry, Which::Plays, Which::Play];

impl Which {
    /// Lets the actor run into the trap. What comes back must live until it has.
    fn catch(self, stage: &Stage, trap: impl Fn() + Send + Sync + 'static) -> Box<dyn Send> {
        let environment = &stage.runtime.environment;
        match self {
            Self::Launcher => {
                let (reply, bait) = Bait::new(trap);
                let spawn = Box::new(launcher::Spawn {
                    workdir: environment.paths.work(&stage.play_sid),
                    home: None,
                    output: None,
                    imports: Vec::new(),
                    allowance: environment.sandbox.defaults.clone(),
                });
                environment.launcher.get().cast(launcher::Message::Spawn { spawn, reply }).unwrap();
                Box::new(bait)
            }
            Self::Registry => {
                let (reply, bait) = Bait::new(trap);
                stage
                    .runtime
                    .environment
                    .registry
                    .get()
                    .cast(registry::Message::new(async |library: registry::Library| library.list(), reply))
                    .unwrap();
                Box::new(bait)
            }
            Self::Plays => {
                let (reply, bait) = Bait::new(trap);
                environment.plays.get().cast(plays::Message::Count(reply)).unwrap();
                Box::new(bait)
            }
            Self::Play => {
                // A question that there is not is answered at once.
                let (reply, bait) = Bait::new(trap);
                let (resume_id, payload) = (ResumeId::new(), Json::null());
                let wish = play::Wish::Answer { resume_id, payload, answered_by: None, reply };
                let play_sid = stage.play_sid.clone();
                environment.plays.get().cast(plays::Message::Wish { play_sid, wish }).unwrap();
                Box::new(bait)
            }
        }
    }
}

/// Threads of the asynchronous runtime where one of them is blocked.
const THREADS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_play_outlives_the_panic_of_any_actor() {
    for which in ALL {
        let stage = Stage::new().await;
        let (caught, has_caught) = sync_channel(1);
        let bait = which.catch(&stage, move || {
            caught.send(()).unwrap();
            panic!("{which:?} has a bug");
        });
        let mut seen = false;
        eventually(|| {
            seen |= has_caught.try_recv().is_ok();
            seen
        })
        .await;
        drop(bait);
        // It notices nothing of the registry; all others take its process along.
        stage.ends_well(if which == Which::Registry { 1 } else { 2 }).await;
    }
}

/// A gate in an actor: closed until the other end is dropped. It blocks the actor's thread, which may be the one that
/// waits for input and timers; so that another one does, none of the others may sleep.
struct Frozen {
    awake: Vec<tokio::task::JoinHandle<()>>,
    has_stopped: Receiver<()>,
    release: Option<Sender<()>>,
    _bait: Box<dyn Send>,
}

impl Frozen {
    async fn freeze(which: Which, stage: &Stage) -> Self {
        let stay_awake = |_| {
            tokio::spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            })
        };
        let awake = (1..THREADS).map(stay_awake).collect();
        let (stopped, has_stopped): (SyncSender<()>, _) = sync_channel(1);
        #[expect(clippy::disallowed_methods, reason = "nothing is ever sent on it")]
        let (release, released) = std::sync::mpsc::channel::<()>();
        let released = Mutex::new(released);
        let bait = which.catch(stage, move || {
            stopped.send(()).unwrap();
            released.lock().unwrap().recv().unwrap_err();
        });
        let frozen = Self { awake, has_stopped, release: Some(release), _bait: bait };
        let mut seen = false;
        eventually(|| {
            seen |= frozen.has_stopped.try_recv().is_ok();
            seen
        })
        .await;
        frozen
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        drop(self.release.take());
        self.awake.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Whatever else stands still, a flow that runs comes to its end and whoever waits for it learns of it; and nothing
/// that was asked meanwhile is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_play_ends_while_any_other_actor_is_frozen() {
    for which in [Which::Launcher, Which::Registry, Which::Plays] {
        let stage = Stage::new().await;
        let frozen = Frozen::freeze(which, &stage).await;
        stage.succeeds(1).await;
        drop(frozen);
        assert!(stage.runtime.workflow_list(WorkflowList::default()).await.unwrap().workflows.is_empty());
        let info = async || stage.runtime.server_info().await.unwrap().plays_running;
        limited(async { while info().await > 0 {} }).await;
        stage.runtime.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_play_that_is_frozen_holds_up_no_other() {
    let stage = Stage::new().await;
    let frozen = Frozen::freeze(Which::Play, &stage).await;
    let source = "from hero_tracing import flow\n\n@flow\ndef main() -> int:\n    return 7\n";
    let other = PlayRunAsync { source: source.into(), ..PlayRunAsync::default() };
    let other = stage.runtime.play_run_async(other).await.unwrap();
    let other = settled(&stage.runtime, &other.play_sid).await.unwrap();
    assert_eq!(other.status, Status::Succeeded);
    drop(frozen);
    stage.succeeds(1).await;
    let late = stage.runtime.play_cancel(stage.play_sid.clone().into()).await.unwrap_err();
    assert_eq!(late.code, ErrorCode::Conflict);
    stage.runtime.shutdown().await.unwrap();
}

/// Plays that are started while the launcher stands still wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_play_that_starts_waits_for_a_frozen_launcher() {
    let stage = Stage::new().await;
    stage.succeeds(1).await;
    let frozen = Frozen::freeze(Which::Launcher, &stage).await;
    let again = PlayRunAsync {
        source: "from hero_tracing import flow\n\n@flow\ndef main() -> int:\n    return 8\n".into(),
        ..PlayRunAsync::default()
    };
    let starting = stage.runtime.play_run_async(again);
    let releasing = async { drop(frozen) };
    let (started, ()) = tokio::join!(starting, releasing);
    let play = settled(&stage.runtime, &started.unwrap().play_sid).await.unwrap();
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 1));
    eventually(|| stage.runtime.environment.plays.get().get_children().is_empty()).await;
    stage.runtime.shutdown().await.unwrap();
}
