//! Programs by the real binary: started, killed, taken up again, answered, until they end; then looked at.

use std::thread;

use hero_e2e::{Outcome, Run, Settled, Stage};
use hero_sdk::{
    PlaySid,
    model::{SpanPage, SpanStatus, Status},
};
use serde_json::{Value, json};

use crate::{
    effects::{Effects, Records, without_tokens},
    plan::Plan,
};

/// Far more commands than kills, questions and retries of one program make.
const COMMANDS_MAX: usize = 100;
const SIGKILLED: i32 = 128 + 9;

/// What a group of programs took.
#[derive(Debug, Default)]
pub(crate) struct Took {
    pub(crate) runtimes_killed: usize,
    pub(crate) attempts: usize,
}

/// Runs programs to their ends and checks all of it. Each command is for one of them, in turn, but takes up whatever
/// is unfinished in the store: so they run side by side, are killed together, and are interrupted by the end of a
/// command that was not theirs. A panic tells how to run this group alone.
pub(crate) fn run(stage: &Stage, plans: &[Plan]) -> Took {
    let seeds: Vec<String> = plans.iter().map(|plan| plan.seed.to_string()).collect();
    let seeds = seeds.join(",");
    // From within a sandbox nobody but itself can be killed.
    let is_confined = !plans.iter().any(Plan::kills_others);
    let mut trials: Vec<Trial<'_>> =
        plans.iter().map(|plan| Trial::new(stage, plan, &seeds, is_confined)).collect();
    let mut took = Took::default();
    while !trials.is_empty() {
        trials.retain_mut(|trial| {
            trial.is_looked_at = true;
            let ended = trial.step();
            if let Some(settled) = &ended {
                trial.check(settled);
                took.attempts += settled.play.attempt as usize;
                took.runtimes_killed += trial.runtimes_killed;
            }
            trial.is_looked_at = false;
            ended.is_none()
        });
    }
    took
}

/// One program of a group.
struct Trial<'a> {
    stage: &'a Stage,
    plan: &'a Plan,
    /// Of the whole group.
    seeds: &'a str,
    is_confined: bool,
    play_sid: Option<PlaySid>,
    next: Next,
    commands: usize,
    runtimes_killed: usize,
    retries: usize,
    misheard: usize,
    /// Of finished steps, as they were seen while no process ran.
    records: Records,
    /// A panic is about this one.
    is_looked_at: bool,
}

/// The next command for a play.
enum Next {
    Start,
    Wait,
    Retry,
    Answer(Box<Settled>),
}

impl<'a> Trial<'a> {
    fn new(stage: &'a Stage, plan: &'a Plan, seeds: &'a str, is_confined: bool) -> Self {
        Self {
            stage,
            plan,
            seeds,
            is_confined,
            play_sid: None,
            next: Next::Start,
            commands: 0,
            runtimes_killed: 0,
            retries: 0,
            misheard: 0,
            records: Records::default(),
            is_looked_at: false,
        }
    }

    /// One command. The play, once it has ended.
    fn step(&mut self) -> Option<Settled> {
        let outcome = match std::mem::replace(&mut self.next, Next::Wait) {
            Next::Start => self.start(),
            Next::Answer(settled) => self.answer(&settled),
            Next::Wait => self.go_on(&["wait"]),
            Next::Retry => {
                self.retries += 1;
                self.go_on(&["retry", "--no-input"])
            }
        };
        match outcome.code {
            0 => return Some(outcome.settled()),
            1 => {
                let settled = outcome.settled();
                // Killed three times before it came to anything: so it must be, and a retry goes on from there.
                let code = settled.play.error.as_ref().map_or("", |error| &error.code);
                if !["process_crashed", "spawn_failed"].contains(&code) {
                    return Some(settled);
                }
                self.next = Next::Retry;
            }
            3 => self.next = Next::Answer(Box::new(outcome.settled())),
            SIGKILLED => {
                self.runtimes_killed += 1;
                assert_eq!(self.stage.processes_left(), [], "processes of plays outlived the runtime");
                match self.play_sid {
                    // It was killed by another play of the group before it had started this one.
                    None => self.next = Next::Start,
                    Some(_) => self.look_at_what_is_left(),
                }
            }
            // Another play of the group killed the fork server while this one's source was described.
            _ if self.play_sid.is_none() && self.seeds.contains(',') => self.next = Next::Start,
            _ => panic!("{outcome}"),
        }
        None
    }

    fn go_on(&mut self, arguments: &[&str]) -> Outcome {
        let sid = self.play_sid().to_string();
        let arguments = ["play"].iter().chain(arguments).map(|argument| (*argument).to_owned());
        self.command(arguments.chain([sid])).finish()
    }

    fn start(&mut self) -> Outcome {
        let Plan { seed, entry, node, kills, .. } = self.plan;
        let inputs = json!({"node": node, "kills": kills}).to_string();
        let file = self.stage.write(&format!("{seed}.json"), &inputs);
        let (inputs, tag) = (format!("@{}", file.display()), format!("seed-{seed}"));
        let arguments =
            ["run", "programs.py", "--entry", entry, "--inputs", &inputs, "--tag", &tag, "--no-input"];
        let outcome = self.command(arguments.map(str::to_owned)).finish();
        let list = self.stage.hero(["play", "list", "--tag", &tag, "--json"]).finish().exits(0).json();
        let sid = list.pointer("/plays/0/play_sid").and_then(Value::as_str);
        self.play_sid = sid.map(|sid| sid.parse().expect("an id of the runtime"));
        outcome
    }

    /// Answers the open question that stands first in the plan, wrongly at first where it says so.
    fn answer(&mut self, settled: &Settled) -> Outcome {
        let open = settled.questions();
        let name = self.plan.questions.iter().find(|name| open.contains(&name.as_str()));
        let name = name.unwrap_or_else(|| panic!("none of the program's questions is open: {open:?}"));
        let sid = settled.play.play_sid.to_string();
        let resume_id = settled.question(name).resume_id.to_string();
        let arguments = |payload: &Value| {
            ["resume", &sid, &resume_id, "--payload", &payload.to_string(), "--no-input"].map(str::to_owned)
        };
        if self.plan.misheard.contains(name) && self.misheard < self.plan.misheard.len() {
            self.misheard += 1;
            let refused = self.command(arguments(&json!(3))).finish();
            if refused.code == SIGKILLED {
                return refused; // by another play of the group
            }
            assert_eq!(refused.clone().exits(2).error_code(), "invalid_payload", "{refused}");
        }
        self.command(arguments(&json!(format!("answer of {name}")))).finish()
    }

    fn command(&mut self, arguments: impl IntoIterator<Item = String>) -> Run<'_> {
        let failpoint = self.plan.failpoints.get(self.commands).copied().unwrap_or(0);
        self.commands += 1;
        assert!(self.commands < COMMANDS_MAX, "the play does not end");
        let level = if self.is_confined { "default" } else { "off" };
        let options = ["--json", "--sandbox", level].map(str::to_owned);
        let run = self.stage.hero(arguments.into_iter().chain(options));
        if failpoint == 0 { run } else { run.killed_after_record(failpoint) }
    }

    /// A runtime was killed: what of its play is on disk now must stay.
    fn look_at_what_is_left(&mut self) {
        let page = self.tree();
        let lines = self.effects().lines.len();
        self.records.see(&page.spans, lines);
    }

    fn tree(&self) -> SpanPage {
        let sid = self.play_sid().to_string();
        let outcome = self.stage.hero(["play", "tree", &sid, "--json"]).finish().exits(0);
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{outcome}"))
    }

    fn effects(&self) -> Effects {
        Effects::parse(&self.stage.effects(self.play_sid()))
    }

    fn check(&mut self, settled: &Settled) {
        let plan = self.plan;
        match &plan.straight.error {
            None => {
                assert_eq!(settled.play.status, Status::Succeeded, "{:#?}", settled.play);
                let straight = plan.straight.value.as_ref().expect("a value or an error");
                assert_eq!(&without_tokens(&settled.outputs()), straight, "the result");
            }
            Some((kind, message)) => {
                assert_eq!(settled.play.status, Status::Failed, "{:#?}", settled.play);
                let error = settled.play.error.clone().expect("a failed play says why");
                let told = (error.code.as_str(), error.kind.as_deref(), error.message.as_str());
                assert_eq!(told, ("exception", Some(kind.as_str()), message.as_str()), "the failure");
            }
        }
        let effects = self.effects();
        let page = self.tree();
        for span in &page.spans {
            let is_open = matches!(span.status, SpanStatus::Running | SpanStatus::Waiting);
            assert!(!is_open, "a node of a play that has ended is still open: {span:#?}");
        }
        self.records.see(&page.spans, effects.lines.len());
        effects.check_keys();
        effects.check_labels(plan);
        effects.check_finished_stay(plan, self.retries > 0);
        self.records.check(&effects);
        if settled.play.status == Status::Succeeded {
            effects.check_result(&settled.outputs());
        }
    }

    fn play_sid(&self) -> &PlaySid {
        self.play_sid.as_ref().expect("known since its first command")
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if thread::panicking() && self.is_looked_at {
            let log =
                self.play_sid.as_ref().map(|sid| self.stage.effects(sid).join("\n")).unwrap_or_default();
            eprintln!(
                "HERO_PROGRAM_SEED={seeds} cargo test -p hero_e2e --test programs\n{plan:#?}\n\
                 the program: sdk/python/tests/programs.py with --inputs '{inputs}'\n--- effects.log\n{log}\n---",
                seeds = self.seeds,
                plan = self.plan,
                inputs = json!({"node": self.plan.node, "kills": self.plan.kills}),
            );
        }
    }
}
