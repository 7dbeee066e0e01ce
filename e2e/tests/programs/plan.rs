//! What `random_programs.py` tells: a program, what plain Python makes of it, whom to kill and what to answer.

use std::{collections::BTreeSet, env};

use hero_e2e::{Stage, binary};
use serde::Deserialize;
use serde_json::Value;

/// One program and all that happens to its play.
#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The flow of `programs.py` that runs it: in plain code or in coroutines.
    pub(crate) entry: String,
    pub(crate) node: Value,
    pub(crate) straight: Straight,
    /// Labels of the steps that must run.
    pub(crate) must: BTreeSet<String>,
    /// Labels of the steps that something fails beside: they may run or not.
    pub(crate) may: BTreeSet<String>,
    /// Whom the flow kills behind which line of its log.
    pub(crate) kills: Value,
    /// After how many records the runtime kills a process, by the command's number; 0 for never.
    pub(crate) failpoints: Vec<u32>,
    /// Names of the questions, in the order in which they are answered.
    pub(crate) questions: Vec<String>,
    /// Questions that get an invalid answer first.
    pub(crate) misheard: BTreeSet<String>,
}

impl Plan {
    /// Whether its flow kills the fork server, or the runtime.
    pub(crate) fn kills_others(&self) -> bool {
        let kills = self.kills.as_object();
        kills.is_some_and(|kills| kills.values().any(|kill| kill[0] != "process"))
    }
}

/// How plain Python ended, run straight through; tokens are left out.
#[derive(Debug, Deserialize)]
pub(crate) struct Straight {
    pub(crate) value: Option<Value>,
    /// Class and message of the exception that nobody caught.
    pub(crate) error: Option<(String, String)>,
}

/// Plans for these seeds. The flow that runs them is put where commands start.
#[track_caller]
pub(crate) fn all(stage: &Stage, seeds: &[u64]) -> Vec<Plan> {
    let tests = binary::repository().join("sdk/python/tests");
    let flow = std::fs::read_to_string(tests.join("programs.py")).expect("a file of the repository");
    stage.write("programs.py", &flow);
    let python = env::var("HERO_E2E_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = tests.join("random_programs.py").display().to_string();
    let arguments = std::iter::once(script).chain(seeds.iter().map(u64::to_string));
    let printed = stage
        .program(python, arguments)
        .env("PYTHONPATH", binary::repository().join("sdk/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .finish()
        .exits(0);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let plans: Vec<Plan> = printed.stdout.lines().map(parse).collect();
    assert_eq!(plans.len(), seeds.len(), "{printed}");
    plans
}
