//! The fork server learns: what it has learnt makes later plays faster, and is not seen by them.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use common::Stage;
use hero_sdk::model::Status;
use serde_json::Value;

/// Plays until the fork server has had a moment for what the first two asked for. It takes a few.
const PLAYS_MAX: usize = 200;

/// A flow that imports a module late, so that it sees whether it was there, and looks at what a play stands in.
const SOURCE: &str = "
import gc
import signal
import threading
import warnings


@flow
def step(number: int) -> int:
    return number + 1


@flow
def main() -> dict:
    was_there = 'colorsys' in sys.modules, 'statistics' in sys.modules
    import statistics
    return {
        'was_there': was_there,
        'stands_in': [
            step(1), flow.attempt, sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold(),
            [str(signal.getsignal(number)).split(' at ')[0] for number in (2, 14, 15)],
            sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
            [thread.name for thread in threading.enumerate()], len(warnings.filters),
            sorted(os.listdir('/proc/self/fd'))[:4], os.getcwd().endswith('/work'), os.sched_getscheduler(0),
        ],
    }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_does_not_see_what_the_fork_server_has_learnt() {
    let stage = Stage::new().await;
    let mut first = None;
    for _ in 0..PLAYS_MAX {
        let play = stage.run(SOURCE).await;
        assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
        let outputs: Value = play.outputs.unwrap().to().unwrap();
        let stands_in = outputs.get("stands_in").unwrap().clone();
        assert_eq!(first.get_or_insert_with(|| stands_in.clone()), &stands_in);
        let was_there = outputs.get("was_there").unwrap();
        assert_eq!(was_there.get(0).unwrap(), false, "nobody asked for that");
        if was_there.get(1).unwrap() == true {
            stage.close().await;
            return;
        }
    }
    panic!("after {PLAYS_MAX} plays that import a module it was not there");
}
