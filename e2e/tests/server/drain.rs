//! A server that is told to end while plays run.

use hero_e2e::{Served, stage::eventually};
use hero_sdk::{
    Logic as _,
    logic::{PlayRunAsync, PlayWait, Until},
    model::Status,
};
use nix::sys::signal::Signal;

use crate::world::{ask, log, signal};

/// What the log says when something did not end in its time, which adds up to ten seconds.
const TOO_LATE: [&str; 2] = ["not everybody has gone in time", "not every play could be interrupted in time"];
const PLAYS: usize = 200;
/// Counts its steps, and is ended in the middle of one.
const COUNTING: &str = "
import time
from hero_tracing import flow

@flow
def step(number: int) -> int:
    with open('effects.log', 'a') as log:
        log.write(f'{number}\\n')
    time.sleep(0.05)
    return number

@flow
def main() -> int:
    return sum(step(number) for number in range(20))
";

#[test]
fn under_load_it_ends_well_and_nothing_is_lost() {
    let served = Served::started(&[]);
    let pid = served.pid().unwrap();
    let play_sids = ask(&served, async |client| {
        let mut play_sids = Vec::new();
        for _ in 0..PLAYS {
            let run = PlayRunAsync { source: COUNTING.to_owned(), ..PlayRunAsync::default() };
            play_sids.push(client.play_run_async(run).await.unwrap().play_sid);
        }
        play_sids
    });
    signal(pid, Signal::SIGTERM);
    assert!(eventually(|| served.pid().is_none() && served.processes_left().is_empty()), "it has not ended");
    let log = log(&served);
    assert!(log.contains("has ended") && !TOO_LATE.iter().any(|words| log.contains(words)), "{log}");

    served.hero(["--start"]).finish().exits(0);
    ask(&served, async |client| {
        for play_sid in &play_sids {
            let until = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Terminal };
            let play = client.play_wait(until).await.unwrap();
            assert_eq!(play.status, Status::Succeeded, "{play:?}");
            assert_eq!(play.outputs.unwrap().to_string(), "190");
            // The step that was interrupted ran once more, and no other.
            let effects = served.effects(play_sid).len();
            assert!(
                (20..20 + play.attempt as usize).contains(&effects),
                "{effects} in {} attempts",
                play.attempt
            );
        }
    });
}

#[test]
fn whoever_waits_is_told() {
    let served = Served::started(&[]);
    let (pid, socket) = (served.pid().unwrap(), served.socket());
    let error = ask(&served, async |client| {
        let source = "import time\nfrom hero_tracing import flow\n\n@flow\ndef main() -> None:\n    time.sleep(3600)\n";
        let run = PlayRunAsync { source: source.to_owned(), ..PlayRunAsync::default() };
        let play_sid = client.play_run_async(run).await.unwrap().play_sid;
        let waiting = client.play_wait(PlayWait { play_sid, timeout_ms: None, until: Until::Terminal });
        let (waited, ()) = futures_util::future::join(waiting, async {
            client.server_info().await.unwrap();
            signal(pid, Signal::SIGTERM);
        })
        .await;
        waited.unwrap_err()
    });
    assert_eq!(error.code.as_str(), "shutting_down", "{error}");
    assert!(error.hint.unwrap().contains("idempotency"));
    assert!(eventually(|| !socket.exists()));
}
