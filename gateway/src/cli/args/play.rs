//! What can be typed to run plays and to look at them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use hero_sdk::model::VersionChoice;

use super::{
    documents::{DocumentFile, PlayExport, PlayPromote, PlaySaveAsExample},
    library::version,
};

const RUN_EXAMPLES: &str = "\
Examples:
  hero_logic run trip.py --input to=Graz --answer 'which_train=\"07:10 to Graz\"'
  hero_logic run trip --version 2 --example graz
  hero_logic run trip --input to=Linz --idempotency-key order-17 --timeout 90s";

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct Run {
    /// A Python file, or a workflow of the library by its name or id
    #[arg(value_name = "FILE|WORKFLOW", value_hint = ValueHint::FilePath)]
    pub(crate) target: String,
    /// The flow to run, where the file has several: a function's name or a flow's
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,
    /// The version of the workflow, by its number or id; the current one unless told
    #[arg(long, value_parser = version)]
    pub(crate) version: Option<VersionChoice>,
    #[command(flatten)]
    pub(crate) inputs: GivenInputs,
    /// A saved example of the workflow, for inputs that are not given and questions that are not answered
    #[arg(long, value_name = "NAME")]
    pub(crate) example: Option<String>,
    /// A label for lists; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// A second start of the same, with the same inputs and key, watches the play of the first; of another one is refused
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// While more plays are queued than may run, those of a higher number go first
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) priority: i32,
    /// Fail the play (`timeout`) after this time, whatever it waits for: seconds, or such as 500ms, 90s, 5m, 2h, 1d
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

/// Inputs as they are typed.
#[derive(Debug, Default, Args)]
pub(crate) struct GivenInputs {
    /// One input; the value is JSON where that fits the declared type, else text; may be given several times
    #[arg(long = "input", short, value_name = "KEY=VALUE")]
    pub(crate) single: Vec<String>,
    /// All inputs as a JSON object, `@` and a file, or `-` for standard input
    #[arg(long = "inputs", value_name = "JSON|@FILE|-")]
    pub(crate) all: Option<String>,
}

/// How questions of a play are answered while it runs.
#[derive(Debug, Default, Args)]
pub(crate) struct Interaction {
    /// Answer a question before it is asked, by its name, `NAME#N` or path; may be given several times
    #[arg(long = "answer", value_name = "NAME=JSON")]
    pub(crate) answers: Vec<String>,
    /// Never prompt: a play that asks something is left waiting, exit code 3
    #[arg(long)]
    pub(crate) no_input: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The play, by its id
    pub(crate) play_sid: String,
    /// The question, by its id, as `play show` has it
    pub(crate) resume_id: String,
    /// The answer as JSON, `@` and a file, or `-` for standard input; without it the terminal asks
    #[arg(long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    pub(crate) payload: Option<String>,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Play {
    /// Plays, newest first
    List(PlayList),
    /// One play: status, inputs, outputs, error, open questions, artifacts
    Show(PlaySid),
    /// The tree of a play
    Tree(PlaySid),
    /// The files that a play has kept
    Artifacts(PlaySid),
    /// The content of a file that a play has kept, on standard output
    Artifact(PlayArtifact),
    /// Watch a play until it ends or waits, and answer its questions; Ctrl-C ends the watching only
    Follow(PlayGoOn),
    /// Cancel a play, and wait for its end
    Cancel(PlayCancel),
    /// Run a failed, cancelled or diverged play again; finished steps stay
    Retry(PlayGoOn),
    /// Wait until a play ends or waits for an answer; the exit code says which
    Wait(PlayWait),
    /// A play with all that it is replayed from, as one file for another home
    Export(PlayExport),
    /// Take a play from such a file; `play retry` has it go on here
    Import(DocumentFile),
    /// Make the source of a play a workflow, or the next version of one
    Promote(PlayPromote),
    /// Save the inputs, answers and outputs of a play that has succeeded as an example
    SaveAsExample(PlaySaveAsExample),
}

#[derive(Debug, Args)]
pub(crate) struct PlaySid {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
}

#[derive(Debug, Args)]
pub(crate) struct PlayArtifact {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// The artifact, by its name
    pub(crate) name: String,
    /// Write the content to this file; with --json what is known of it goes to standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PlayGoOn {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

/// Entries of a list where nothing else is asked for.
pub(crate) const LIMIT_DEFAULT: u32 = 50;

#[derive(Debug, Args)]
pub(crate) struct PlayList {
    /// Only plays of this workflow; for a file, its name
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// Only plays that stand here
    #[arg(long, value_enum)]
    pub(crate) status: Option<PlayStatus>,
    /// Only plays that this play spawned
    #[arg(long, value_name = "PLAY_SID")]
    pub(crate) parent: Option<String>,
    /// Only plays with this label
    #[arg(long)]
    pub(crate) tag: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// Which page of a list.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// At most this many, from 1 to 1000
    #[arg(long, default_value_t = LIMIT_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Go on behind a page, whose end says with which cursor
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

/// `hero_sdk::model::Status` by its stable text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum PlayStatus {
    Queued,
    Running,
    AwaitingResume,
    AwaitingChild,
    Sleeping,
    Succeeded,
    Failed,
    Cancelled,
    Diverged,
}

#[derive(Debug, Args)]
pub(crate) struct PlayCancel {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// Why, for whoever looks at it later
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlayWait {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// Give up after this time (exit code 6): seconds, or such as 90s, 5m, 2h; waits for ever unless told
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) timeout: Option<u64>,
    /// What to wait for
    #[arg(long, value_enum, default_value_t = WaitUntil::Settled)]
    pub(crate) until: WaitUntil,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitUntil {
    /// It has ended, or waits for an answer
    Settled,
    /// It has ended
    Terminal,
}

/// Milliseconds of a span of time that a timer can hold. A number alone is seconds.
pub(super) fn duration_ms(text: &str) -> Result<u64, String> {
    /// A hundred years; beyond it milliseconds no longer fit the timers.
    const MS_MAX: f64 = 3.2e12;
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let unit_ms = match unit {
        "ms" => Some(1.0),
        "" | "s" => Some(1e3),
        "m" | "min" => Some(6e4),
        "h" => Some(3.6e6),
        "d" => Some(8.64e7),
        _ => None,
    };
    let ms = number.trim_end().parse::<f64>().ok().zip(unit_ms).map(|(number, unit_ms)| number * unit_ms);
    match ms {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and a hundred years"
        )]
        Some(ms) if (0.0..=MS_MAX).contains(&ms) => Ok(ms.round() as u64),
        _ => Err("expected seconds, such as 30 or 0.5, or a number with ms, s, m, h or d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_unless_told() {
        let cases = [
            ("30", 30_000),
            ("0.5", 500),
            ("0", 0),
            ("90s", 90_000),
            ("1.5m", 90_000),
            ("2h", 7_200_000),
            ("1 d", 86_400_000),
            ("500ms", 500),
            ("0.07", 70),
        ];
        for (text, expected) in cases {
            assert_eq!(duration_ms(text), Ok(expected), "{text}");
        }
        for text in ["", "soon", "-1", "nan", "inf", "1e3", "5w", "s", "40000d", "1m30s", "٣"] {
            assert!(duration_ms(text).is_err(), "{text}");
        }
    }
}
