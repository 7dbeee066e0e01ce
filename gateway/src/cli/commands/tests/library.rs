//! Commands about workflows and examples, on a library of their own: a real runtime in a home that goes away.

use hero_sdk::logic::PlayImport;

use super::*;
use crate::cli::embedded::{self, Purpose, Session};

/// A library, and a directory for files, which is called `[here]` in what is typed and told.
pub(super) struct Library {
    directory: tempfile::TempDir,
    session: Session,
}

/// Asks a person, and returns what was booked.
pub(super) const TRIP: &str = r#"from hero_tracing import ask_user, flow


@flow(retries=2)
def main(to: str, seats: int = 1, when: str | None = None) -> dict[str, str]:
    """Books a train to a city."""
    train = ask_user.choice("Which train?", [f"07:10 to {to}", f"09:40 to {to}"])
    return {"ticket": f"{seats} on the {train}"}
"#;

impl Library {
    /// With the bundled flows only.
    pub(super) async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        let sandbox = Stage::new().context.sandbox(&home).unwrap();
        let session = embedded::open(home, sandbox, Purpose::Run).await.unwrap();
        Self { directory, session }
    }

    /// The same with `trip`.
    pub(super) async fn with_trip() -> Self {
        let library = Self::open().await;
        library.write("trip.py", TRIP);
        library.does("workflow add [here]/trip.py").await;
        library
    }

    /// Ends it.
    pub(super) async fn close(self) {
        self.session.close().await.unwrap();
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// What is in a file.
    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name)).unwrap()
    }

    /// Does a command that must succeed, and gives what it wrote to standard output.
    pub(super) async fn does(&self, typed: &str) -> String {
        let mut stage = stage(typed);
        let result = self.on(&mut stage, &words(typed)).await;
        assert_eq!(result.as_ref().ok(), Some(&Exit::Succeeded), "{typed}: {}", stage.told(&result));
        stage.out.text()
    }

    /// The document that a command gives with `--json`.
    pub(super) async fn json(&self, typed: &str) -> serde_json::Value {
        serde_json::from_str(&self.does(&format!("{typed} --json")).await).unwrap()
    }

    /// What commands tell, one after the other.
    pub(super) async fn transcript(&self, typed: &[&str]) -> String {
        let mut told = String::new();
        for typed in typed {
            told.push_str(&format!("$ hero_logic {typed}\n"));
            let mut stage = stage(typed);
            let result = self.on(&mut stage, &words(typed)).await;
            told.push_str(&self.redacted(&stage.told(&result)));
            told.push('\n');
        }
        told
    }

    /// Does a command on a stage.
    pub(super) async fn on(&self, stage: &mut Stage, typed: &[String]) -> Result<Exit, Failure> {
        let (here, logic) = (self.here(), self.session.logic());
        let typed = typed.iter().map(|word| word.replace("[here]", &here));
        let typed = std::iter::once("hero_logic".to_owned()).chain(typed);
        let Stage { context, .. } = stage;
        match Arguments::try_parse_from(typed).unwrap().command.unwrap() {
            Command::Run(arguments) => {
                let wish = super::run::Wish::parse(arguments, &mut context.signals).await?;
                super::run::run(context, logic, wish).await
            }
            Command::Workflow(Workflow::Add(arguments)) => {
                let wish = workflow_add::Wish::parse(arguments, &mut context.signals).await?;
                workflow_add::run(context, logic, wish).await
            }
            Command::Workflow(Workflow::List(typed)) => workflow_list::run(context, logic, typed).await,
            Command::Workflow(Workflow::Show(typed)) => workflow_show::run(context, logic, typed).await,
            Command::Workflow(Workflow::Versions(typed)) => {
                workflow_versions::run(context, logic, typed).await
            }
            Command::Workflow(Workflow::SetCurrent(typed)) => {
                workflow_set_current::run(context, logic, typed).await
            }
            Command::Workflow(Workflow::Update(typed)) => workflow_update::run(context, logic, typed).await,
            Command::Workflow(Workflow::Delete(typed)) => workflow_delete::run(context, logic, typed).await,
            Command::Workflow(Workflow::Fetch(typed)) => {
                workflow_fetch::run(context, logic, typed, false).await
            }
            Command::Workflow(Workflow::Export(typed)) => workflow_export::run(context, logic, typed).await,
            Command::Workflow(Workflow::Import(arguments)) => {
                let wish = workflow_import::parse(arguments, &mut context.signals).await?;
                workflow_import::run(context, logic, wish).await
            }
            Command::Play(Play::Export(typed)) => {
                let play_sid = crate::cli::context::play_sid(&typed.play_sid)?;
                play_export::run(context, logic, play_sid, typed.output).await
            }
            Command::Play(Play::Import(typed)) => {
                let document = crate::cli::document::read(&typed.file, &mut context.signals).await?;
                play_import::run(context, logic, PlayImport { document }).await
            }
            Command::Play(Play::Promote(typed)) => {
                play_promote::run(context, logic, play_promote::parse(typed)?).await
            }
            Command::Play(Play::SaveAsExample(typed)) => {
                play_save_as_example::run(context, logic, play_save_as_example::parse(typed)?).await
            }
            Command::Example(Example::Add(arguments)) => {
                let wish = example_add::Wish::parse(arguments, &mut context.signals).await?;
                example_add::run(context, logic, wish).await
            }
            Command::Example(Example::List(typed)) => example_list::run(context, logic, typed).await,
            Command::Example(Example::Show(typed)) => example_show::run(context, logic, typed).await,
            Command::Example(Example::Delete(typed)) => example_delete::run(context, logic, typed).await,
            Command::Example(Example::Inputs(typed)) => example_inputs::run(context, logic, typed).await,
            Command::Bench(Bench::Run(typed)) => bench_run::run(context, logic, typed).await,
            Command::Bench(Bench::List(typed)) => bench_list::run(context, logic, typed).await,
            Command::Bench(Bench::Show(typed)) => bench_show::run(context, logic, typed).await,
            Command::Bench(Bench::Follow(typed)) => bench_follow::run(context, logic, typed).await,
            Command::Bench(Bench::Cancel(typed)) => bench_cancel::run(context, logic, typed).await,
            Command::Bench(Bench::Compare(typed)) => bench_compare::run(context, logic, typed).await,
            Command::Pick(typed) => pick::run(context, logic, typed).await,
            Command::Search(typed) => super::search::run(context, logic, typed.params()?).await,
            other => panic!("not of the library: {other:?}"),
        }
    }

    fn here(&self) -> String {
        self.directory.path().display().to_string()
    }

    /// The same without what differs from run to run: the directory, ids and moments.
    fn redacted(&self, text: &str) -> String {
        let text = text.replace(&self.here(), "[here]");
        let text = ["wf_", "ver_", "play_", "ask_", "bench_"]
            .into_iter()
            .fold(text, |text, prefix| ids(&text, prefix));
        moments(&text)
    }
}

/// Nobody to be asked.
fn stage(typed: &str) -> Stage {
    if typed.ends_with(" --json") { Stage::json() } else { Stage::new() }
}

/// The words of what is typed; those in single quotes stay together.
pub(super) fn words(typed: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in typed.trim_end().split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn ids(text: &str, prefix: &str) -> String {
    let mut parts = text.split(prefix);
    let mut redacted = parts.next().unwrap().to_owned();
    for part in parts {
        let is_id = part.len() >= 26
            && part.bytes().take(26).all(|digit| digit.is_ascii_digit() || digit.is_ascii_lowercase());
        redacted.push_str(prefix);
        redacted.push_str(&if is_id { format!("…{}", &part[26..]) } else { part.to_owned() });
    }
    redacted
}

/// `2025-11-23 20:33:20` becomes zeros, and loses what is behind it of a second.
fn moments(text: &str) -> String {
    const MASK: &str = "0000-00-00 00:00:00";
    let fits = |(character, mask): (char, char)| match mask {
        '0' => character.is_ascii_digit(),
        ' ' => " T".contains(character),
        other => character == other,
    };
    let is_moment = |part: &str| part.chars().zip(MASK.chars()).all(fits);
    let (mut redacted, mut rest) = (String::new(), text);
    while let Some(character) = rest.chars().next() {
        if rest.get(..MASK.len()).is_some_and(is_moment) {
            redacted.push_str(MASK);
            rest =
                rest[MASK.len()..].trim_start_matches(|digit: char| digit == '.' || digit.is_ascii_digit());
        } else {
            redacted.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    redacted
}
