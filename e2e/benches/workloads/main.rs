//! The workloads W1 to W10: what hero_logic takes for each, beside what the machine itself takes.
//!
//! `./e2e/bench [--json] [W1 W2 …]` builds this and the binary in release and runs it. Each workload runs in a process
//! of its own, so that none inherits memory or warmth from the one before. Nothing here fails for being slow.
#![expect(
    clippy::disallowed_methods,
    reason = "this program measures time, and runs commands to measure them"
)]

mod figure;
mod floor;
mod home;
mod library;
mod many;
mod memory;
mod one_shot;
mod requests;
mod resumes;
mod sandbox;
mod search;
mod served;
mod server;
#[path = "../../../actors/tests/search/set.rs"]
mod set;
mod steps;

use std::{
    env,
    error::Error,
    io::{BufRead as _, BufReader},
    process::{Command, ExitCode, Stdio},
};

use figure::Figure;

/// What every part of the benchmark may fail with.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the workloads are, in their order.
const WORKLOADS: [(&str, &str); 11] = [
    ("W1", "a cold one-shot: the command, a process, a flow of three steps"),
    ("W2", "from request to result of a flow of one step, one after the other"),
    ("W3", "durable steps a second in one flow, and over eight"),
    ("W4", "flows a second, of many submitted at once"),
    ("W5", "from the answer to a question to the end, the flow having left memory"),
    ("W6", "replay of recorded steps"),
    ("W7", "memory: idle, per running play, per paused play; and very many paused plays"),
    ("W8", "the sandbox: what confinement adds to a play, and each of its layers"),
    ("W9", "over a socket, the server a process of its own: W2, W4 and W5, calls, events, a large store"),
    ("W10", "the search of the library: how good beside plain BM25, how fast over 100,000 workflows"),
    ("W11", "the library: statistics on the way, the choice of a version, a benchmark"),
];

fn main() -> ExitCode {
    // Cargo itself passes `--bench`.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (options, named): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.starts_with('-'));
    let named: Vec<String> = named.iter().map(|name| name.to_uppercase()).collect();
    let unknown = named.iter().find(|name| !WORKLOADS.iter().any(|(workload, _)| workload == name));
    let is_known = |option: &String| ["--json", "--here"].contains(&option.as_str());
    if unknown.is_some() || !options.iter().all(is_known) {
        eprintln!("usage: ./e2e/bench [--json] [W1 W2 …]; without names all of them:");
        for (workload, what) in WORKLOADS {
            eprintln!("  {workload}  {what}");
        }
        return ExitCode::from(2);
    }
    let result = match named.as_slice() {
        [workload] if options.iter().any(|option| option == "--here") => measure(workload),
        _ => measure_each(&named, options.iter().any(|option| option == "--json")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one workload in this process and prints a JSON line per figure.
fn measure(workload: &str) -> Result<()> {
    let workload = workload.to_owned();
    let runtime = tokio::runtime::Runtime::new()?;
    // As a task, which is where a service would call from; another thread would have to be woken for each answer.
    runtime.block_on(runtime.spawn(async move {
        match workload.as_str() {
            "W1" => one_shot::measure().await,
            "W2" => requests::measure_one_by_one().await,
            "W3" => steps::measure().await,
            "W4" => requests::measure_at_once().await,
            "W5" => resumes::measure_resume().await,
            "W6" => resumes::measure_replay().await,
            "W8" => sandbox::measure().await,
            "W9" => served::measure().await,
            "W10" => search::measure(),
            "W11" => library::measure().await,
            _ => memory::measure().await,
        }
    }))?
}

/// Runs each workload in a process of its own and passes on what it prints, as a table or as it is.
fn measure_each(named: &[String], as_json: bool) -> Result<()> {
    let mut failed = Vec::new();
    let homes = tempfile::Builder::new().prefix("hero_logic_bench").tempdir()?;
    for (workload, what) in WORKLOADS {
        if !named.is_empty() && !named.iter().any(|name| name == workload) {
            continue;
        }
        if !as_json {
            println!("\n{workload}  {what}");
            println!("{}", Figure::heading());
        }
        let mut command = Command::new(env::current_exe()?);
        let mut child =
            command.args(["--here", workload]).env("TMPDIR", homes.path()).stdout(Stdio::piped()).spawn()?;
        let lines = child.stdout.take().ok_or("a child has the pipe that it was given")?;
        for line in BufReader::new(lines).lines() {
            let line = line?;
            if as_json {
                println!("{line}");
            } else {
                println!("{}", serde_json::from_str::<Figure>(&line)?);
            }
        }
        if !child.wait()?.success() {
            failed.push(workload);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("not measured to the end: {}", failed.join(", ")).into())
    }
}
