//! Which processes work beneath a directory. A play's process has its current directory there, so one that is left
//! after its play is found even when nobody knows its id.

use std::{fs, path::Path};

/// A process that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its command line, arguments separated by spaces.
    pub command: String,
}

/// Every living process whose current directory or command line lies beneath `directory`.
pub fn beneath(directory: &Path) -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    entries.filter_map(|entry| alive_beneath(directory, &entry.ok()?.path())).collect()
}

/// Every living process whose command line has this text in it, wherever it works and whoever sees it.
pub fn with_text(text: &str) -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    let all = entries.filter_map(|entry| {
        let process = entry.ok()?.path();
        let pid = process.file_name()?.to_str()?.parse().ok()?;
        // One that has ended and only waits to be reaped has no command line.
        let command = fs::read(process.join("cmdline")).ok()?;
        Some(Process { pid, command: String::from_utf8_lossy(&command).replace('\0', " ") })
    });
    all.filter(|process| process.command.contains(text)).collect()
}

/// The process that started this one, and lives.
pub fn parent_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// None where the process is elsewhere, ended while we looked, or belongs to somebody else.
fn alive_beneath(directory: &Path, process: &Path) -> Option<Process> {
    let pid = process.file_name()?.to_str()?.parse().ok()?;
    // A zombie has no current directory: it has ended and only waits to be reaped.
    let current = fs::read_link(process.join("cwd")).ok()?;
    let command = fs::read(process.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    let works_there = current.starts_with(directory) || command.contains(directory.to_str()?);
    works_there.then_some(Process { pid, command })
}
