//! `hero_logic resume`: answers a question, then watches the play until it settles.

use hero_sdk::{Json, Logic, PlaySid, ResumeId, logic::PlayResume, model::Play};

use crate::cli::{
    answers::Answers,
    args::{Interaction, Resume},
    context::{Context, play_sid, resume_id},
    drive::OnSignal,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::shortened,
    pages::open_questions,
    report::report,
    shell,
    signals::Signals,
    source::{argument_json, argument_text},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: Resume) -> Result<Exit, Failure> {
    let wish = Wish::parse(arguments, &mut context.signals).await?;
    context.with_logic(Purpose::Run, async |context, logic| run(context, logic, wish).await).await
}

/// What is answered, checked in form.
pub(crate) struct Wish {
    play_sid: PlaySid,
    pub(super) resume_id: ResumeId,
    /// None when the terminal is to ask.
    payload: Option<Json>,
    answers: Answers,
    interaction: Interaction,
}

impl Wish {
    /// Checks the form of every argument.
    pub(crate) async fn parse(arguments: Resume, signals: &mut Signals) -> Result<Self, Failure> {
        let Resume { play_sid: play, resume_id: question, payload, interaction } = arguments;
        // What is typed is checked before anything is read.
        let (play_sid, resume_id) = (play_sid(&play)?, resume_id(&question)?);
        let answers = Answers::parse(&interaction.answers)?;
        let payload = match payload {
            Some(argument) => Some(payload_json(&argument, signals).await?),
            None => None,
        };
        Ok(Self { play_sid, resume_id, payload, answers, interaction })
    }
}

async fn payload_json(argument: &str, signals: &mut Signals) -> Result<Json, Failure> {
    let text = argument_text("--payload", argument, signals).await?;
    let hint = if argument == "-" || argument.starts_with('@') {
        "text needs quotes in JSON: \"text\"".to_owned()
    } else {
        let quoted = shell::quote(&serde_json::Value::from(shortened(&text)).to_string());
        format!("text needs quotes: --payload {quoted}")
    };
    argument_json("--payload", &text, hint)
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: Wish) -> Result<Exit, Failure> {
    let Wish { play_sid, resume_id, payload, answers, interaction } = wish;
    let (play, ask_first): (Play, _) = match payload {
        Some(payload) => {
            let answered_by = Some("cli".to_owned());
            let answer = PlayResume { play_sid, resume_id, payload, answered_by };
            (context.signals.or(logic.play_resume(answer)).await??, None)
        }
        None if context.prompter.is_some() && !interaction.no_input => {
            let open = open_questions(logic, &play_sid).await?;
            if !open.iter().any(|request| request.resume_id == resume_id) {
                let message = format!("{resume_id} is no open question of {play_sid}");
                return Err(Failure::usage("not_found", message)
                    .hint(format!("`hero_logic play show {play_sid}` shows the open questions")));
            }
            (logic.play_status(play_sid.into()).await?, Some(resume_id))
        }
        None => {
            return Err(Failure::usage("usage", "there is no terminal to ask for the answer")
                .hint("give it with --payload JSON"));
        }
    };
    let mut drive = context.drive(logic, &play, answers, &interaction, OnSignal::Cancel);
    drive.ask_first = ask_first;
    let ending = drive.run(play.play_sid.clone()).await?;
    context.signals = drive.signals;
    report(context, logic, ending).await
}
