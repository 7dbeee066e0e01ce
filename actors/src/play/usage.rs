//! What a play's processes use, as the kernel tells it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::param::{clock_ticks_per_second, page_size};

use super::held::Held;

/// Processes that are looked at, at most; a play that has more is beyond every limit.
const PROCESSES_MAX: usize = 100_000;
const KIBI: u64 = 1024;
/// Of `smaps_rollup`, what belongs to a process but is no shared memory. A page that n processes share counts as an
/// n-th of it for each.
const OWN: [&str; 3] = ["Pss_Anon:", "Pss_File:", "SwapPss:"];

/// Of all processes of a play together, but for the CPU time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// How many there are.
    pub(super) processes: usize,
    /// Bytes of memory. What several share counts once where that matters: see [`memory`].
    pub(super) memory: u64,
    /// Seconds of CPU time, of the one that has used most.
    pub(super) cpu_s: f64,
}

/// What the process `leader` and all that it started use. Where the leader is the first of its namespace nobody gets
/// away from beneath it; else all are of its session. `memory_max`: how many bytes of memory it may use.
pub(super) fn usage(leader: u32, is_first: bool, memory_max: u64) -> Usage {
    let processes = processes(leader, is_first);
    let memory = memory(&processes, memory_max);
    let cpu_s = processes.iter().filter_map(|pid| cpu_s(*pid)).fold(0.0, f64::max);
    Usage { processes: processes.len(), memory, cpu_s }
}

/// The process `leader` and all that it started.
pub(super) fn processes(leader: u32, is_first: bool) -> Vec<u32> {
    if is_first { beneath(leader) } else { of_session(leader) }
}

/// The threads of a process, each by its directory, which tells of all that the process has.
pub(super) fn threads(pid: u32) -> impl Iterator<Item = PathBuf> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    threads.into_iter().flatten().flatten().map(|thread| thread.path())
}

/// The process, and all that descend from it.
fn beneath(leader: u32) -> Vec<u32> {
    let mut found = vec![leader];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied().filter(|_| found.len() < PROCESSES_MAX) {
        next += 1;
        for thread in threads(pid) {
            let children = fs::read_to_string(thread.join("children")).unwrap_or_default();
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

/// Bytes of memory of all these processes.
///
/// Resident memory is quick to read, but counts what is shared for each that shares it, and not at all what a process
/// shares with nobody else and has put aside. Nobody uses more than is mapped: only where that is more than
/// `memory_max` bytes it is looked at closely.
fn memory(processes: &[u32], memory_max: u64) -> u64 {
    let spaces: Vec<Space> = processes.iter().filter_map(|pid| Space::of(*pid)).collect();
    let resident: u64 = spaces.iter().map(|space| space.resident).sum();
    if spaces.iter().map(|space| space.mapped).sum::<u64>() <= memory_max {
        return resident;
    }
    let mut held = Held::default();
    for space in &spaces {
        held.add_mapped(&space.place, None);
    }
    let beside = held.memory() + spaces.iter().map(Space::tables).sum::<u64>();
    if resident + beside <= memory_max {
        return resident + beside;
    }
    let own = || spaces.iter().map(Space::own).sum::<u64>();
    let used = beside + own();
    // A page counts whole for who is looked at last where those that shared it have ended meanwhile. Hardly twice.
    if used <= memory_max { used } else { used.min(beside + own()) }
}

/// What a process has mapped.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Space {
    /// Where the kernel tells of it.
    pub(super) place: PathBuf,
    /// Bytes of addresses.
    mapped: u64,
    /// Bytes that are in memory.
    resident: u64,
}

impl Space {
    /// None where the process is no more. The first thread may end before others, and then tells nothing.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let of_first = Self::at(format!("/proc/{pid}").into());
        // A thread is found under its own number as well, where the kernel tells more than beneath its process.
        let of_thread = |thread: PathBuf| Self::at(Path::new("/proc").join(thread.file_name()?));
        of_first.or_else(|| threads(pid).find_map(of_thread))
    }

    fn at(place: PathBuf) -> Option<Self> {
        let text = fs::read_to_string(place.join("statm")).ok()?;
        let mut pages = text.split(' ').map_while(|pages| pages.parse::<u64>().ok());
        let mut bytes = || Some(pages.next()? * page_size() as u64);
        let (mapped, resident) = (bytes().filter(|mapped| *mapped > 0)?, bytes()?);
        Some(Self { place, mapped, resident })
    }

    /// Bytes that tell which address is where.
    fn tables(&self) -> u64 {
        self.sum("status", &["VmPTE:"]).unwrap_or(0)
    }

    /// Bytes of memory that is not shared memory.
    fn own(&self) -> u64 {
        // Nothing is told of a process that has ended, and it has nothing any more.
        let resident = || Self::at(self.place.clone()).map_or(0, |space| space.resident);
        self.sum("smaps_rollup", &OWN).unwrap_or_else(resident)
    }

    /// The sum of these lines of a file, in bytes; none where it has none of them.
    fn sum(&self, file: &str, names: &[&str]) -> Option<u64> {
        let text = fs::read_to_string(self.place.join(file)).ok()?;
        let value = |line: &str| {
            let rest = names.iter().find_map(|name| line.strip_prefix(name))?;
            rest.split_whitespace().next()?.parse::<u64>().ok()
        };
        text.lines().filter_map(value).map(|kibibytes| kibibytes * KIBI).reduce(|sum, more| sum + more)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::subject::Subject, *};

    const MEBI: u64 = 1 << 20;
    /// Shared memory that is written and put aside.
    const SHARED: &str = "
memory = mmap.mmap(-1, 64 << 20)
memory.write(bytes(64 << 20))
memory.madvise(mmap.MADV_DONTNEED)
";
    /// Many addresses of which none can be written.
    const RESERVED: &str = "
NORESERVE = 0x4000
memory = mmap.mmap(-1, 1 << 35, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, mmap.PROT_READ)
memory.madvise(mmap.MADV_NOHUGEPAGE)
";

    fn memory_of(subject: &Subject, memory_max: u64) -> u64 {
        usage(subject.pid(), true, memory_max).memory
    }

    #[test]
    fn processes_are_found_by_descent_and_by_session() {
        let subject = Subject::run("if os.fork() == 0:\n    stay()\n");
        for is_first in [true, false] {
            let used = usage(subject.pid(), is_first, 0);
            assert_eq!(used.processes, 2, "{used:?}");
            assert!(used.memory > 0, "{used:?}");
        }
    }

    #[test]
    fn shared_memory_counts_where_it_was_put_aside_and_once() {
        for others in ["", "for _ in range(2):\n    if os.fork() == 0:\n        stay()\n"] {
            let subject = Subject::run(&format!("{SHARED}{others}"));
            let used = memory_of(&subject, 32 * MEBI);
            assert!((64 * MEBI..112 * MEBI).contains(&used), "{used}");
        }
    }

    #[test]
    fn addresses_cost_nothing_and_the_tables_behind_them_do() {
        let used = memory_of(&Subject::run(RESERVED), 32 * MEBI);
        assert!(used < 48 * MEBI, "{used}");
        // A byte in every two megabytes: a page of tables each, and none of memory.
        let read = "for place in range(0, len(memory), 2 << 20):\n    memory[place]\n";
        let used = memory_of(&Subject::run(&format!("{RESERVED}{read}")), 32 * MEBI);
        assert!((64 * MEBI..112 * MEBI).contains(&used), "{used}");
    }

    #[test]
    fn a_process_that_has_ended_has_no_memory() {
        let subject = Subject::run("kept = bytearray(64 << 20)\n");
        let space = Space::of(subject.pid()).unwrap();
        assert!(space.own() > 64 * MEBI);
        drop(subject);
        assert_eq!(space.own(), 0);
    }

    #[test]
    fn a_process_counts_whose_first_thread_has_ended() {
        let subject = Subject::run("kept = bytearray(64 << 20)\nend_first_thread()\n");
        let place = Space::of(subject.pid()).unwrap().place;
        assert_ne!(place, Path::new("/proc").join(subject.pid().to_string()), "the first has ended");
        for memory_max in [u64::MAX, 32 * MEBI] {
            let used = memory_of(&subject, memory_max);
            assert!((64 * MEBI..112 * MEBI).contains(&used), "{used}");
        }
    }
}
