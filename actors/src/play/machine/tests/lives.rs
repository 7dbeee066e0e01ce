//! What a machine wants done in the course of a few whole lives, as goldens: every commit and what follows from it.

use super::{super::*, lines::ROOT, stage::Stage};
use crate::play::sample::sandbox;

/// A life as it is told: what happens, and beneath it what follows.
struct Life {
    stage: Stage,
    told: String,
}

impl Life {
    fn new() -> Self {
        Self { stage: Stage::new(), told: String::new() }
    }

    fn then(&mut self, what: &str, happens: impl FnOnce(&mut Stage)) {
        happens(&mut self.stage);
        self.told.push_str(&format!("{what}\n"));
        for effect in &self.stage.log {
            self.told.push_str(&format!("    {}\n", effect.trim_end()));
        }
    }

    fn says(&mut self, line: &str) {
        self.then(&format!("python: {line}"), |stage| stage.say(line));
    }

    fn starts(&mut self) {
        self.then("accept", |stage| drop(stage.accept()));
        self.goes_on();
    }

    fn goes_on(&mut self) {
        self.then("admitted", |stage| stage.handle(Event::Admitted));
        self.then("spawned", |stage| {
            let attempt = stage.attempt();
            stage.handle(Event::Spawned { attempt, sandbox: sandbox() });
        });
        self.says(ROOT);
    }

    fn exits(&mut self, status: i32) {
        self.then(&format!("exited {status}"), |stage| stage.exit(status));
    }

    #[track_caller]
    fn matches_golden(mut self, name: &str) {
        let status = self.stage.status().as_str();
        self.told.push_str(&format!("it is {status}, attempt {}\n", self.stage.attempt()));
        // Ids are new in every run.
        let mut told = self.told;
        for resume in &self.stage.rig.disk.resumes {
            told = told.replace(resume.resume_id.as_str(), "ask_…");
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, told);
        });
    }
}

const STEP: [&str; 2] = [
    r#"{"t":"begin","id":2,"parent":1,"path":"main#0/a#0","kind":"flow","name":"a","fp":"f","recorded":true}"#,
    r#"{"t":"end","id":2,"status":"ok","value":[1],"n":1}"#,
];

#[test]
fn steps_and_done() {
    let mut life = Life::new();
    life.starts();
    STEP.iter().for_each(|line| life.says(line));
    life.says(
        r#"{"t":"begin","id":3,"parent":1,"path":"main#0/b#0","kind":"flow","name":"b","fp":"g","recorded":true,"n":2}"#,
    );
    life.says(r#"{"t":"log","id":3,"level":"info","stream":"stdout","text":"hello"}"#);
    life.says(r#"{"t":"end","id":3,"status":"failed","value":{"~e":"ValueError"},"n":3}"#);
    life.says(r#"{"t":"end","id":1,"status":"ok"}"#);
    life.says(r#"{"t":"done","status":"succeeded","outputs":7,"n":4}"#);
    life.exits(0);
    life.matches_golden("steps_and_done");
}

#[test]
fn paused_parked_and_answered() {
    let mut life = Life::new();
    life.starts();
    let pause = r#"{"t":"pause","id":2,"parent":1,"path":"main#0/q#0","name":"q","fp":"f","schema":{"type":"string"},"timeout_ms":60000,"n":1}"#;
    life.says(pause);
    life.says(r#"{"t":"park","n":2}"#);
    life.exits(75);
    life.then("answer 1", |stage| drop(stage.answer(0, "1")));
    life.then("answer \"web\"", |stage| drop(stage.answer(0, "\"web\"")));
    life.then("answer \"web\" again", |stage| drop(stage.answer(0, "\"web\"")));
    life.then("answer \"api\"", |stage| drop(stage.answer(0, "\"api\"")));
    life.goes_on();
    life.says(pause);
    life.says(r#"{"t":"end","id":2,"status":"ok","preview":"\"web\""}"#);
    life.says(r#"{"t":"done","status":"succeeded","outputs":7,"n":2}"#);
    life.exits(0);
    life.matches_golden("paused_parked_and_answered");
}

#[test]
fn cancelled_in_the_middle_of_a_step() {
    let mut life = Life::new();
    life.starts();
    life.says(STEP[0]);
    life.then("cancel", |stage| assert!(stage.cancel().is_none()));
    life.then("grace ended", |stage| stage.handle(Event::GraceEnded { attempt: 1 }));
    life.exits(-9);
    life.then("cancel again", |stage| drop(stage.cancel()));
    life.matches_golden("cancelled_in_the_middle_of_a_step");
}

#[test]
fn crashed_thrice() {
    let mut life = Life::new();
    life.starts();
    life.says(STEP[0]);
    life.exits(-9);
    life.goes_on();
    life.exits(3);
    life.goes_on();
    life.exits(74);
    life.matches_golden("crashed_thrice");
}

#[test]
fn failed_and_retried() {
    let mut life = Life::new();
    life.starts();
    STEP.iter().for_each(|line| life.says(line));
    life.says(
        r#"{"t":"begin","id":3,"parent":1,"path":"main#0/b#0","kind":"flow","name":"b","fp":"g","recorded":true}"#,
    );
    life.says(r#"{"t":"end","id":3,"status":"failed","value":{"~e":"ValueError"},"n":2}"#);
    life.says(r#"{"t":"done","status":"failed","error":{"code":"exception","message":"no"},"n":3}"#);
    life.then("retry", |stage| drop(stage.retry()));
    life.exits(0);
    life.goes_on();
    life.says(r#"{"t":"done","status":"succeeded","outputs":7,"n":1}"#);
    life.exits(0);
    life.then("retry again", |stage| drop(stage.retry()));
    life.matches_golden("failed_and_retried");
}
