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
import random
import signal
import threading
import warnings


@flow
def step(number: int) -> int:
    return number + 1


def was_given_code() -> bool:
    frame = sys._getframe()
    while frame.f_code.co_name != 'serve':
        frame = frame.f_back
    return 'code' in frame.f_locals['frame']


@flow
def main() -> dict:
    was_there = ['colorsys' in sys.modules, 'statistics' in sys.modules and 'asyncio' in sys.modules]
    import asyncio
    import statistics

    async def names() -> list:
        later = asyncio.create_task(asyncio.sleep(0))
        await later
        return [asyncio.current_task().get_name(), later.get_name()]

    return {
        'was_there': was_there,
        'was_given_code': was_given_code(),
        'is_immortal': sys.getrefcount(statistics.mean) >= 1 << 31,
        'can_be_immortal': sys.version_info >= (3, 12),
        'drawn': random.random(),
        'stands_in': [
            step(1), flow.attempt, sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold(),
            [str(signal.getsignal(number)).split(' at ')[0] for number in (2, 14, 15)],
            sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
            [thread.name for thread in threading.enumerate()], len(warnings.filters),
            sorted(os.listdir('/proc/self/fd'))[:4], os.getcwd().endswith('/work'), os.sched_getscheduler(0),
            os.getpid() == os.getpgrp() == os.getsid(0), asyncio.run(names()), asyncio.run(names()),
        ],
    }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_does_not_see_what_the_fork_server_has_learnt() {
    // A list as in PATH; without it the default alone.
    let named = std::env::var_os("HERO_TEST_PYTHONS").filter(|named| !named.is_empty());
    let pythons = named.map(|named| std::env::split_paths(&named).map(Some).collect());
    for python in pythons.unwrap_or_else(|| vec![None]) {
        println!("{python:?}");
        let stage = Stage::with(python).await;
        learn(&stage).await;
        stage.close().await;
    }
}

async fn learn(stage: &Stage) {
    let (mut first, mut drawn) = (None, Vec::new());
    for number in 0..PLAYS_MAX {
        let play = stage.run(SOURCE).await;
        assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
        let outputs: Value = play.outputs.unwrap().to().unwrap();
        let output = |name| outputs.get(name).unwrap();
        assert_eq!(first.get_or_insert_with(|| output("stands_in").clone()), output("stands_in"));
        assert_eq!(output("was_given_code"), number > 0);
        assert!(!drawn.contains(output("drawn")), "two plays drew the same");
        drawn.push(output("drawn").clone());
        let was_there = output("was_there");
        assert_eq!(was_there.get(0).unwrap(), false, "nobody asked for that");
        if was_there.get(1).unwrap() == true && output("is_immortal") == output("can_be_immortal") {
            return;
        }
    }
    panic!("after {PLAYS_MAX} plays that import a module it was not there, or not immortal");
}
