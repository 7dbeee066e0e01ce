//! What the launcher looks after stands still, or says what cannot be understood.

use rustix::process::{Pid, Signal as UnixSignal, kill_process};

use super::{Signal, Stage, eventually, runs};
use crate::{
    call::call,
    launcher::{Message, Process, control::Packet},
};

fn pid(number: &str) -> Pid {
    Pid::from_raw(number.parse().unwrap()).unwrap()
}

/// The fork server that a process was forked by.
fn fork_server(process: &Process) -> Pid {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    pid(status.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap())
}

/// What a child asked of its process is done once it can be; until then nothing else is harmed.
#[tokio::test]
async fn a_frozen_fork_server_loses_no_request() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let server = fork_server(&process);
    kill_process(server, UnixSignal::STOP).unwrap();
    let (reply, spawned) = ractor::concurrency::oneshot();
    let spawn = stage.request();
    stage.launcher.cast(Message::Spawn { spawn, reply: reply.into() }).unwrap();
    process.signal(Signal::Kill);
    // Whoever asked may give up before it thaws; nobody then has the process, and it ends.
    let (reply, given_up) = ractor::concurrency::oneshot();
    let spawn = stage.request();
    stage.launcher.cast(Message::Spawn { spawn, reply: reply.into() }).unwrap();
    drop(given_up);
    assert!(runs(&grandchild));
    kill_process(server, UnixSignal::CONT).unwrap();
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(-9));
    eventually(|| !runs(&grandchild)).await;
    spawned.await.unwrap().unwrap();
}

/// A frozen process hears no TERM; KILL ends it all the same, with its group.
#[tokio::test]
async fn a_frozen_process_is_killed() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    for number in [process.pid.to_string(), grandchild.clone()] {
        kill_process(pid(&number), UnixSignal::STOP).unwrap();
    }
    process.signal(Signal::Terminate);
    process.signal(Signal::Kill);
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(-9));
    eventually(|| !runs(&grandchild)).await;
}

/// A word from the fork server that is not one is a bug: the launcher ends with an error, and every process with it.
#[tokio::test]
async fn a_launcher_that_errs_leaves_no_process() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let packet = Packet { bytes: b"garbage".to_vec(), descriptor: None };
    stage.launcher.cast(Message::Received { server: 1, packet }).unwrap();
    // Nobody sees the exit any more.
    assert!(process.exited.take().unwrap().await.is_err());
    let number = process.pid.to_string();
    eventually(|| !runs(&number) && !runs(&grandchild)).await;
    let spawn = stage.request();
    assert!(call(&stage.launcher, |reply| Message::Spawn { spawn, reply }).await.is_err());
}
