//! Floods of memory, processes, files and work stop at a limit of their play, and another play beside them succeeds.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    leftovers::cancel,
    world::{User, as_user, command, stage, users},
};
use hero_e2e::{Running, Stage, binary, stage::eventually};

/// What every play may have at most, little enough that a flood is over soon.
const SETTINGS: &str = "[sandbox.defaults]\nmemory_mb = 96\ndisk_mb = 16\nprocesses = 24\n";

/// A flood, and what it is told when it gets no more.
const FLOODS: [(&str, &str); 14] = [
    ("heap", "MemoryError"),
    ("private map", "ENOMEM"),
    ("file", "EFBIG"),
    ("temporary file", "EFBIG|ENOSPC"),
    ("temporary files", "ENOSPC"),
    ("shared memory", "ENOSPC"),
    ("nameless file", "ENOSYS"),
    ("processes", "EAGAIN"),
    ("breeding", "EAGAIN"),
    ("threads", "RuntimeError"),
    ("descriptors", "EMFILE"),
    ("semaphores", "ENOSYS"),
    ("queues", "ENOSYS"),
    ("asynchronous I/O", "ENOSYS"),
];

/// Floods that nothing of the kernel stops, and the limit that the watch ends their play by.
const WATCHED: [(&str, &str); 8] = [
    ("shared map", "memory_mb"),
    ("first thread gone", "memory_mb"),
    ("page tables", "memory_mb"),
    ("deleted files", "disk_mb"),
    ("unnamed files", "disk_mb"),
    ("mapped files", "disk_mb"),
    ("empty files", "disk_mb"),
    ("beyond size", "disk_mb"),
];

fn start<'a>(stage: &'a Stage, user: User, level: &str, flood: &str, settings: &str) -> Running<'a> {
    let file = stage.write("settings.toml", settings);
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let source = fs::read_to_string(binary::repository().join("e2e/flows/attacks/floods.py")).unwrap();
    let arguments = ["--sandbox", level, "--config", file.to_str().unwrap(), "--input"].map(str::to_owned);
    let arguments = [&arguments[..], &[format!("flood={flood}")]].concat();
    as_user(command(stage, "floods.py", &source, &arguments), user).start()
}

/// What the flow has said, once it has.
#[track_caller]
fn said(stage: &Stage, running: &Running<'_>) -> String {
    let plays: PathBuf = stage.home().join(".hero/var/plays");
    let find = |plays: &Path| {
        let entries = fs::read_dir(plays).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join("work/settled")).find(|path| path.exists())
    };
    assert!(eventually(|| find(&plays).is_some()), "{}", running.stderr());
    fs::read_to_string(find(&plays).unwrap()).unwrap()
}

#[track_caller]
fn another_succeeds(user: User) {
    let stage = stage(user);
    let source = "from hero_tracing import flow\n\n\n@flow\ndef step(number: int) -> int:\n    return number\n\n\n\
                  @flow\ndef main() -> int:\n    return sum(step(number) for number in range(20))\n";
    let play = as_user(command(&stage, "other.py", source, &[]), user).finish().exits(0).settled();
    assert_eq!(play.outputs(), 190);
}

#[track_caller]
fn check(level: &str, floods: &[(&str, &str)]) {
    for user in users() {
        for (flood, expected) in floods {
            let stage = stage(user);
            let running = start(&stage, user, level, flood, SETTINGS);
            let said = said(&stage, &running);
            assert!(expected.split('|').any(|one| one == said), "{flood}: {said}");
            another_succeeds(user);
            cancel(running);
        }
    }
}

#[test]
fn they_stop_in_default() {
    check("default", &FLOODS);
}

/// The limits are the same, of a play that is another one to the kernel: one of each kind is enough.
#[test]
fn they_stop_in_strict() {
    let kinds = ["heap", "file", "shared memory", "breeding"];
    let floods: Vec<_> = FLOODS.into_iter().filter(|(flood, _)| kinds.contains(flood)).collect();
    check("strict", &floods);
}

/// Without the watch they would stand for ever.
#[test]
fn what_the_kernel_does_not_stop_is_ended_by_the_watch() {
    // Strict differs in what can be seen of a process: one of each kind is enough.
    let in_strict = WATCHED.iter().filter(|(flood, _)| ["shared map", "mapped files"].contains(flood));
    let floods = WATCHED.iter().map(|flood| ("default", flood));
    let floods: Vec<_> = floods.chain(in_strict.map(|flood| ("strict", flood))).collect();
    for user in users() {
        for (level, (flood, limit)) in &floods {
            let stage = stage(user);
            let outcome = start(&stage, user, level, flood, SETTINGS).finish().exits(1);
            let error = outcome.settled().play.error.unwrap();
            assert_eq!(error.code, "limit_exceeded", "{flood}: {outcome}");
            assert!(error.message.contains(&format!("the sandbox allows {limit} ")), "{flood}: {outcome}");
        }
    }
}

/// The same floods, where there is more to be had: these end by themselves.
#[test]
fn they_do_not_stop_where_more_is_allowed() {
    let settings = "[sandbox.defaults]\nmemory_mb = 16384\ndisk_mb = 1024\nprocesses = 2000\n";
    for user in users() {
        let of_kernel = ["heap", "private map", "file", "temporary file", "processes", "threads"];
        for flood in of_kernel.into_iter().chain(WATCHED.into_iter().map(|(flood, _)| flood)) {
            let stage = stage(user);
            let running = start(&stage, user, "default", flood, settings);
            assert_eq!(said(&stage, &running), "no end", "{flood}");
            cancel(running);
        }
    }
}

/// A signal that a flow does not hear is followed by one that it cannot but hear.
#[test]
fn work_without_end_is_ended() {
    for user in users() {
        let stage = stage(user);
        let running = start(&stage, user, "default", "processor", "[sandbox.defaults]\ncpu_s = 1\n");
        another_succeeds(user);
        let outcome = running.finish().exits(1);
        assert_eq!(outcome.settled().play.error.unwrap().code, "limit_exceeded", "{outcome}");
    }
}
