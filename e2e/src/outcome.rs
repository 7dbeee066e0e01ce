//! What a command left behind.

use hero_sdk::model::{Play, ResumeRequest};
use serde::Deserialize;
use serde_json::Value;

/// A finished command.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The command line, for messages.
    pub command: String,
    /// The exit code, or 128 and the signal's number.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A play and its open questions, as `--json` gives them.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The play.
    pub play: Play,
    /// Its open questions, oldest first.
    pub resumes: Vec<ResumeRequest>,
}

impl Outcome {
    /// The same outcome, once its exit code is known to be `code`.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// The one JSON document that `--json` puts on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }

    /// The play and its open questions.
    #[track_caller]
    pub fn settled(&self) -> Settled {
        // Not one flattened struct: serde buffers that, and raw JSON cannot be buffered.
        #[derive(Deserialize)]
        struct Resumes {
            resumes: Vec<ResumeRequest>,
        }
        let check = |error: serde_json::Error| -> ! { panic!("stdout is no play: {error}\n{self}") };
        let play: Play = serde_json::from_str(&self.stdout).unwrap_or_else(|error| check(error));
        let Resumes { resumes } = serde_json::from_str(&self.stdout).unwrap_or_else(|error| check(error));
        Settled { play, resumes }
    }

    /// The stable code of the error that `--json` puts on stdout.
    #[track_caller]
    pub fn error_code(&self) -> String {
        let code = self.json().pointer("/error/code").and_then(Value::as_str).map(str::to_owned);
        code.unwrap_or_else(|| panic!("no error on stdout\n{self}"))
    }
}

impl Settled {
    /// What the flow returned.
    #[track_caller]
    pub fn outputs(&self) -> Value {
        let outputs = self.play.outputs.as_ref();
        let outputs = outputs.unwrap_or_else(|| panic!("no outputs: {:#?}", self.play));
        outputs.to().expect("checked JSON")
    }

    /// The open question of this name.
    #[track_caller]
    pub fn question(&self, name: &str) -> &ResumeRequest {
        let found = self.resumes.iter().find(|resume| resume.name == name);
        found.unwrap_or_else(|| panic!("no open question {name}: {:#?}", self.resumes))
    }

    /// Names of the open questions, sorted.
    pub fn questions(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.resumes.iter().map(|resume| resume.name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(formatter, "{command}\nexit code {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}
