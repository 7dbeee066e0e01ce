//! What a play's processes use, as the kernel tells it.

use std::{ffi::OsString, fs, io, path::Path};

use rustix::param::{clock_ticks_per_second, page_size};

use crate::beneath::{Directory, Unfit};

/// Processes that are looked at, at most; a play that has more is beyond every limit.
const PROCESSES_MAX: usize = 100_000;
/// Directories that lie in one another. Whoever nests deeper hides what is there.
pub(super) const DEPTH_MAX: usize = 128;
const KIBI: u64 = 1024;

/// Of all processes of a play together, but for the CPU time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// How many there are.
    pub(super) processes: usize,
    /// Bytes of memory. What several share counts once where that matters: see [`usage`].
    pub(super) memory: u64,
    /// Seconds of CPU time, of the one that has used most.
    pub(super) cpu_s: f64,
}

/// What the process `leader` and all that it started use. Where the leader is the first of its namespace nobody gets
/// away from beneath it; else all are of its session.
///
/// Resident memory is quick to read and counts what is shared for each that shares it; only where that is more than
/// `memory_max` bytes it is looked at closely.
pub(super) fn usage(leader: u32, is_first: bool, memory_max: u64) -> Usage {
    let processes = if is_first { beneath(leader) } else { of_session(leader) };
    let resident: u64 = processes.iter().filter_map(|pid| resident(*pid)).sum();
    let memory = if resident > memory_max {
        processes.iter().filter_map(|pid| proportional(*pid).or_else(|| self::resident(*pid))).sum()
    } else {
        resident
    };
    let cpu_s = processes.iter().filter_map(|pid| cpu_s(*pid)).fold(0.0, f64::max);
    Usage { processes: processes.len(), memory, cpu_s }
}

/// The process, and all that descend from it.
fn beneath(leader: u32) -> Vec<u32> {
    let mut found = vec![leader];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied().filter(|_| found.len() < PROCESSES_MAX) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}

fn of_session(leader: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return vec![leader] };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| stat(*pid, 3) == Some(u64::from(leader))).take(PROCESSES_MAX).collect()
}

/// A number of `/proc/PID/stat`, counted from the one after the name: 0 is the state, 3 the session.
fn stat(pid: u32, place: usize) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit(") ").next()?.split(' ').nth(place)?.parse().ok()
}

fn cpu_s(pid: u32) -> Option<f64> {
    Some((stat(pid, 11)? + stat(pid, 12)?) as f64 / clock_ticks_per_second() as f64)
}

fn resident(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    Some(text.split(' ').nth(1)?.parse::<u64>().ok()? * page_size() as u64)
}

/// A page that n processes share counts as an n-th of it for each.
fn proportional(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * KIBI)
}

/// Bytes on disk of everything beneath a directory, without following a link; none where it is nested too deeply.
pub(super) fn disk(path: &Path) -> io::Result<Option<u64>> {
    let mut bytes = 0;
    let mut open: Vec<(Directory, Vec<OsString>)> = Vec::new();
    let root = Directory::open(path)?;
    let names = names(&root);
    open.push((root, names));
    loop {
        let depth = open.len();
        let Some((directory, names)) = open.last_mut() else { break };
        let Some(name) = names.pop() else {
            open.pop();
            continue;
        };
        match directory.directory(&name) {
            Ok(_) if depth >= DEPTH_MAX => return Ok(None),
            Ok(inner) => {
                bytes += inner.stat().map_or(0, |stat| blocks(stat.st_blocks));
                let names = self::names(&inner);
                open.push((inner, names));
            }
            Err(Unfit::Missing) => {}
            Err(_) => bytes += directory.stat_of(&name).map_or(0, |stat| blocks(stat.st_blocks)),
        }
    }
    Ok(Some(bytes))
}

/// What is in a directory. One that the play has closed to us is opened.
fn names(directory: &Directory) -> Vec<OsString> {
    let read = || directory.names().map(|names| names.flatten().collect::<Vec<_>>());
    let opened = || directory.make_passable().and_then(|()| read());
    read().or_else(|_| opened()).unwrap_or_default()
}

/// Of 512 bytes, whatever the file system's own are.
fn blocks(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0) * 512
}
