//! What the launcher looks after stands still, or says what cannot be understood.

use rustix::process::{Pid, Signal as UnixSignal, kill_process};
use tokio::{io::AsyncWriteExt as _, sync::oneshot};

use super::{Signal, Stage, eventually, lingers, pid_of, runs};
use crate::{
    call::call,
    launcher::{LaunchError, Message, Process, Spawn, actor::TICKS_MAX, control::Packet},
};

fn pid(number: &str) -> Pid {
    Pid::from_raw(number.parse().unwrap()).unwrap()
}

/// The fork server that a process was forked by.
fn fork_server(process: &Process) -> Pid {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    pid(status.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap())
}

/// Asks for a process that may be long in coming.
fn ask(stage: &Stage) -> oneshot::Receiver<Result<Process, LaunchError>> {
    let (reply, spawned) = oneshot::channel();
    let spawn = Box::new(stage.request());
    stage.launcher.cast(Message::Spawn { spawn, reply: reply.into() }).unwrap();
    spawned
}

/// What a child asked of its process is done once it can be; until then nothing else is harmed.
#[tokio::test]
async fn a_frozen_fork_server_loses_no_request() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let server = fork_server(&process);
    kill_process(server, UnixSignal::STOP).unwrap();
    let spawned = ask(&stage);
    process.signal(Signal::Kill);
    // Whoever asked may give up before it thaws; nobody then has the process, and it ends.
    drop(ask(&stage));
    eventually(|| lingers(&grandchild)).await;
    kill_process(server, UnixSignal::CONT).unwrap();
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(-9));
    eventually(|| !lingers(&grandchild)).await;
    spawned.await.unwrap().unwrap();
}

/// One that does not come to itself is replaced, and what it looked after ends with it.
#[tokio::test]
async fn a_fork_server_that_stays_frozen_is_replaced() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let server = fork_server(&process);
    kill_process(server, UnixSignal::STOP).unwrap();
    let spawned = ask(&stage);
    for _ in 0..=TICKS_MAX {
        stage.launcher.cast(Message::Tick).unwrap();
    }
    let error = spawned.await.unwrap().err().unwrap();
    assert!(error.to_string().contains("did not answer"), "{error}");
    assert_eq!(process.exited.take().unwrap().await.unwrap(), None, "nobody knows its status");
    eventually(|| !lingers(&grandchild)).await;
    let again = stage.spawn().await.unwrap();
    let successor = fork_server(&again);
    assert_ne!(successor, server);
    // One that owes nothing is left alone.
    for _ in 0..=TICKS_MAX {
        stage.launcher.cast(Message::Tick).unwrap();
    }
    assert_eq!(fork_server(&stage.spawn().await.unwrap()), successor);
}

/// More than there are descriptors below those that children share: none takes one of theirs for its own.
#[tokio::test]
async fn very_many_children_at_once_all_run() {
    const CHILDREN: usize = 230;
    let stage = Stage::new().await;
    let mut waiting = Vec::new();
    for _ in 0..CHILDREN {
        // Without a place of their own, as those that describe a source, so that none stands in the way of another.
        let spawn = Box::new(Spawn { home: None, output: None, ..stage.request() });
        waiting.push(call(&stage.launcher, |reply| Message::Spawn { spawn, reply }).await.unwrap().unwrap());
    }
    for (number, mut process) in waiting.into_iter().enumerate() {
        let mut stream = process.stream.take().unwrap();
        drop(stream.write_all(b"echo\n").await);
        assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(7), "child {number}");
    }
}

/// A frozen process hears no TERM; KILL ends it all the same, with its group.
#[tokio::test]
async fn a_frozen_process_is_killed() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    // Whoever started it goes on a moment before it has its name.
    eventually(|| lingers(&grandchild)).await;
    for number in [process.pid.to_string(), pid_of(&grandchild).unwrap()] {
        kill_process(pid(&number), UnixSignal::STOP).unwrap();
        // A process on another CPU is still running when that returns, and would hear TERM.
        let stat = format!("/proc/{number}/stat");
        eventually(|| std::fs::read_to_string(&stat).unwrap().contains(") T")).await;
    }
    process.signal(Signal::Terminate);
    process.signal(Signal::Kill);
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(-9));
    eventually(|| !lingers(&grandchild)).await;
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
    eventually(|| !runs(&number) && !lingers(&grandchild)).await;
    let spawn = Box::new(stage.request());
    assert!(call(&stage.launcher, |reply| Message::Spawn { spawn, reply }).await.is_err());
}
