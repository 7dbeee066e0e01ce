//! The actor of benchmarks: each that runs is a task of it. What it knows it has from the store.

use std::{collections::HashMap, sync::Arc};

use hero_sdk::{BenchmarkSid, Error, WorkflowSid};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::{sync::watch, task::AbortHandle};

use super::{drive::drive, message::Message};
use crate::play::Environment;

/// The actor.
pub(crate) struct BenchmarksActor {
    pub(crate) environment: Arc<Environment>,
    /// Whether plays run in this runtime.
    pub(crate) runs: bool,
}

#[derive(Default)]
pub(crate) struct State {
    running: HashMap<BenchmarkSid, Running>,
}

/// One that runs. Its task ends with this; its plays do not, and are found again.
struct Running {
    workflow_sid: WorkflowSid,
    /// The reason why it is to end.
    stop: watch::Sender<Option<String>>,
    task: AbortHandle,
    waiting: Vec<Waiting>,
}

/// Who waits for an end.
enum Waiting {
    Cancel(RpcReplyPort<bool>),
    /// Of several: it answers when the last of these goes.
    All(Arc<LastOne>),
}

/// Answers once all that hold it have let go.
struct LastOne(Option<RpcReplyPort<usize>>, usize);

impl Drop for LastOne {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            drop(reply.send(self.1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Actor for BenchmarksActor {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        if self.runs {
            myself.cast(Message::Recover)?;
        }
        Ok(State::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        // Whoever no longer waits for an answer has it all the same.
        match message {
            Message::Recover => {
                for row in self.environment.tables.benchmarks_running()? {
                    let benchmark = row.benchmark;
                    self.run(&myself, state, benchmark.benchmark_sid, benchmark.workflow_sid);
                }
            }
            Message::Run { benchmark_sid, workflow_sid } => {
                self.run(&myself, state, benchmark_sid, workflow_sid);
            }
            Message::Cancel { benchmark_sid, reason, reply } => match state.running.get_mut(&benchmark_sid) {
                Some(running) => {
                    running.stop.send_replace(Some(reason));
                    running.waiting.push(Waiting::Cancel(reply));
                }
                None => drop(reply.send(false)),
            },
            Message::CancelAllOf { workflow_sid, reason, reply } => {
                let of_it = |running: &&mut Running| running.workflow_sid == workflow_sid;
                let all: Vec<&mut Running> = state.running.values_mut().filter(of_it).collect();
                let last = Arc::new(LastOne(Some(reply), all.len()));
                for running in all {
                    running.stop.send_replace(Some(reason.clone()));
                    running.waiting.push(Waiting::All(Arc::clone(&last)));
                }
            }
            Message::CountOf { workflow_sid, reply } => {
                let of_it = |running: &&Running| running.workflow_sid == workflow_sid;
                drop(reply.send(state.running.values().filter(of_it).count()));
            }
            Message::Ended(result, benchmark_sid) => {
                if let Err(error) = result {
                    tracing::error!(benchmark = %benchmark_sid, %error, "a benchmark cannot go on");
                }
                if let Some(mut running) = state.running.remove(&benchmark_sid) {
                    for waiting in running.waiting.drain(..) {
                        match waiting {
                            Waiting::Cancel(reply) => drop(reply.send(true)),
                            Waiting::All(last) => drop(last),
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Message>, state: &mut State) -> Result<(), ActorProcessingErr> {
        // On a clean exit the state would live on in the supervisor's event, and the tasks with it.
        state.running.clear();
        Ok(())
    }
}

impl BenchmarksActor {
    fn run(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        benchmark_sid: BenchmarkSid,
        workflow_sid: WorkflowSid,
    ) {
        if state.running.contains_key(&benchmark_sid) {
            return;
        }
        let (stop, stopped) = watch::channel(None);
        let (environment, myself, sid) =
            (Arc::clone(&self.environment), myself.clone(), benchmark_sid.clone());
        let task = tokio::spawn(async move {
            let result: Result<(), Error> = drive(&environment, &sid, stopped).await;
            // An actor that has gone has let go of it.
            drop(myself.cast(Message::Ended(result, sid)));
        });
        let running = Running { workflow_sid, stop, task: task.abort_handle(), waiting: Vec::new() };
        state.running.insert(benchmark_sid, running);
    }
}
