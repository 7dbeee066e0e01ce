//! What the machine takes for the least that a workload needs, measured beside it.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{Result, figure::percentile};

/// Bytes that a step writes: its record and its span.
const STEP_BYTES: usize = 600;

/// One interpreter that starts and ends, `python3 -I -S -c pass`, median in milliseconds.
pub(crate) fn python_start(python: &str) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        Command::new(python).args(["-I", "-S", "-c", "pass"]).status()?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 0.5))
}

/// A warm Python that forks, and the child that ends at once, median in milliseconds.
pub(crate) fn python_fork(python: &str) -> Result<f64> {
    let program = "
import asyncio, os, time
times = []
for _ in range(200):
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    times.append(time.perf_counter() - start)
print(sorted(times)[100] * 1000)
";
    number(python, program)
}

/// One JSON line read by a warm Python's `json.loads`, in microseconds: what a replay reads of each step.
pub(crate) fn python_loads(python: &str) -> Result<f64> {
    let program = r#"
import json, time
line = '["/add:0","step","0123456789abcdef","ok",1,null]'
loads = json.loads
start = time.perf_counter()
for _ in range(100_000):
    loads(line)
print((time.perf_counter() - start) * 10)
"#;
    number(python, program)
}

/// Memory (Pss) of a Python that has imported asyncio, in MB.
pub(crate) fn python_memory(python: &str) -> Result<f64> {
    let program = "
import asyncio, json
with open('/proc/self/smaps_rollup') as rollup:
    print(next(int(line.split()[1]) for line in rollup if line.startswith('Pss:')) / 1024)
";
    number(python, program)
}

fn number(python: &str, program: &str) -> Result<f64> {
    let output = Command::new(python).args(["-I", "-S", "-c", program]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// One append and `fdatasync` of what a step writes, in the same place as the store; median in milliseconds.
pub(crate) fn append_and_sync(directory: &Path) -> Result<f64> {
    let path = directory.join("floor");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let start = Instant::now();
        file.write_all(&[0x5a; STEP_BYTES])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    fs::remove_file(path)?;
    Ok(percentile(&mut times, 0.5))
}

/// What a play needs of the file system, two directories and a file; median in milliseconds.
pub(crate) fn files_of_a_play(directory: &Path) -> Result<f64> {
    let all = directory.join("files");
    fs::create_dir(&all)?;
    let mut times = Vec::new();
    for play in 0..200 {
        let start = Instant::now();
        let play = all.join(play.to_string());
        fs::create_dir(&play)?;
        fs::create_dir(play.join("work"))?;
        File::create(play.join("output.log"))?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 0.5))
}

/// There and back between two threads over a socket pair; median in milliseconds.
pub(crate) fn socket_round_trip() -> Result<f64> {
    let (mut ours, mut theirs) = UnixStream::pair()?;
    let echo = std::thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).is_ok_and(|read| read > 0) && theirs.write_all(&byte).is_ok() {}
    });
    let mut times: Vec<Duration> = Vec::new();
    let mut byte = [0];
    for _ in 0..2_000 {
        let start = Instant::now();
        ours.write_all(&byte)?;
        ours.read_exact(&mut byte)?;
        times.push(start.elapsed());
    }
    drop(ours);
    echo.join().map_err(|_| "the echo panicked")?;
    Ok(percentile(&mut times, 0.5))
}
