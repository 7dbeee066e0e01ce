//! Every command on a scripted play: what it writes where, and its exit code.

mod artifacts;
mod benchmarks;
mod examples;
mod library;
mod searches;
mod secrets;
mod transfer;
mod workflows;

use std::os::unix::fs::PermissionsExt as _;

use clap::Parser;
use hero_sdk::{
    Error, ErrorCode, FieldError,
    model::{Allowance, Network, PlayError, Sandbox, SandboxLevel, SpanKind, SpanStatus, Status},
};

use super::*;
use crate::cli::{
    args::{self, Arguments},
    canvas::Style,
    testing::{
        PageBuilder, allowance, json,
        person::ScriptedPerson,
        play_sid, request,
        script::{Act, Script, Stage, Stop},
    },
};

/// `hero_logic run` with these arguments, on a script.
async fn run(stage: &mut Stage, script: &Script, arguments: &[&str]) -> Result<Exit, Failure> {
    let typed = ["hero_logic", "run"].iter().chain(arguments);
    let Some(Command::Run(arguments)) = Arguments::try_parse_from(typed).unwrap().command else {
        panic!("not run")
    };
    let wish = super::run::Wish::parse(arguments, &mut stage.context.signals).await?;
    super::run::run(&mut stage.context, script, wish).await
}

/// Confined to less in one thing, and to more in others, than a play whose flow wishes for nothing.
fn confined() -> Sandbox {
    let allowance = Allowance {
        network: Network::Ports(vec![443]),
        subprocess: Some(true),
        memory_mb: 4096,
        cpu_s: Some(60),
        read: vec!["/data".into(), "/a\u{1b}b".into()],
        env: vec!["REGION".into()],
        ..allowance()
    };
    Sandbox { level: SandboxLevel::Default, layers: vec!["landlock".into(), "seccomp".into()], allowance }
}

fn succeeds() -> Act {
    let page = PageBuilder::new()
        .span(1, None, "main", SpanStatus::Ok)
        .span(9, Some(1), "greet", SpanStatus::Ok)
        .log(9, "hello \u{1b}[31mred")
        .status(Status::Succeeded)
        .page();
    Act { pages: vec![page], stop: Stop::End(Status::Succeeded, None) }
}

fn asks(names: &[&str]) -> Act {
    let mut builder = PageBuilder::new().span(1, None, "main", SpanStatus::Interrupted);
    let mut requests = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let span_id = u32::try_from(index + 2).unwrap();
        builder = builder
            .span(span_id, Some(1), name, SpanStatus::Waiting)
            .with(|span| span.kind = SpanKind::Pause);
        let mut asked = request(name, r#"{"enum":["yes please","no"]}"#, r#"{"kind":"choice"}"#);
        asked.resume_id = crate::cli::testing::resume_id(index);
        requests.push(asked);
    }
    Act { pages: vec![builder.status(Status::AwaitingResume).page()], stop: Stop::Ask(requests) }
}

fn ends(status: Status, error: PlayError) -> Act {
    Act { pages: Vec::new(), stop: Stop::End(status, Some(error)) }
}

fn value_error() -> PlayError {
    PlayError {
        traceback: Some(
            "Traceback (most recent call last):\n  File \"flow.py\", line 3, in main\n\tboom()".into(),
        ),
        path: Some("main#0/fetch#0".into()),
        ..crate::cli::testing::error("ValueError", "no \u{9b}2J\nway")
    }
}

#[tokio::test]
async fn a_play_that_succeeds() {
    let mut stage = Stage::new();
    let result = run(&mut stage, &Script::new([succeeds()]), &["hello", "--tag", "a"]).await;
    insta::assert_snapshot!("run_succeeded", stage.told(&result));

    let mut stage = Stage::json();
    let result = run(&mut stage, &Script::new([succeeds()]), &["hello"]).await;
    insta::assert_snapshot!("run_succeeded_json", stage.told(&result));

    let mut stage = Stage::new();
    stage.context.style = Style::Quiet;
    stage.context.out.indent = false;
    let result = run(&mut stage, &Script::new([succeeds()]), &["hello"]).await;
    insta::assert_snapshot!("run_succeeded_quiet", stage.told(&result));
}

#[tokio::test]
async fn what_a_flow_wishes_for_is_told_before_it_runs() {
    let wishing = || Script::new([succeeds()]).with(|play| play.sandbox = Some(confined()));
    let mut stage = Stage::new();
    let result = run(&mut stage, &wishing(), &["hello"]).await;
    insta::assert_snapshot!("run_wishing", stage.told(&result));

    let mut stage = Stage::new();
    stage.context.style = Style::Quiet;
    run(&mut stage, &wishing(), &["hello"]).await.unwrap();
    assert_eq!(stage.err.text(), "");

    let usual = Sandbox { allowance: allowance(), ..confined() };
    let mut stage = Stage::new();
    let script = Script::new([succeeds()]).with(|play| play.sandbox = Some(usual));
    run(&mut stage, &script, &["hello"]).await.unwrap();
    assert!(stage.err.text().starts_with("play "), "{}", stage.err.text());
}

#[tokio::test]
async fn plays_that_do_not_succeed() {
    let diverged = PlayError {
        code: "diverged".into(),
        message: "the replay asked for another step".into(),
        path: Some("main#0/b#0".into()),
        expected: Some("flow b 0123456789abcdef".into()),
        actual: Some("flow b fedcba9876543210".into()),
        location: Some("flow.py:12".into()),
        hint: Some("give the step a key=".into()),
        ..PlayError::default()
    };
    for (name, act) in [
        ("failed", ends(Status::Failed, value_error())),
        ("diverged", ends(Status::Diverged, diverged)),
        ("cancelled", Act { pages: Vec::new(), stop: Stop::End(Status::Cancelled, None) }),
    ] {
        let mut stage = Stage::new();
        let result = run(&mut stage, &Script::new([act]), &["hello"]).await;
        insta::assert_snapshot!(format!("run_{name}"), stage.told(&result));
    }
}

#[tokio::test]
async fn a_play_that_waits_says_how_to_answer() {
    let mut stage = Stage::new();
    stage.context.global.home = Some("/my home".into());
    let result = run(&mut stage, &Script::new([asks(&["approve", "notify"])]), &["hello"]).await;
    insta::assert_snapshot!("run_waiting", stage.told(&result));

    let mut stage = Stage::json();
    let result = run(&mut stage, &Script::new([asks(&["approve"])]), &["hello"]).await;
    insta::assert_snapshot!("run_waiting_json", stage.told(&result));
}

#[tokio::test]
async fn answers_from_the_command_line_are_given_before_anyone_is_asked() {
    let mut stage = Stage::new();
    let script = Script::new([asks(&["approve"]), succeeds()]);
    let arguments = ["hello", "--answer", "approve=\"no\"", "--answer", "aprove=1", "--answer", "zzz=2"];
    let result = run(&mut stage, &script, &arguments).await;
    assert_eq!(script.calls(), ["start hello {}", "resume \"no\""]);
    insta::assert_snapshot!("run_answered", stage.told(&result));
}

#[tokio::test]
async fn a_refused_answer_is_shown_and_given_once() {
    let mut stage = Stage::new();
    let script = Script::new([asks(&["approve"]), succeeds()]);
    let result = run(&mut stage, &script, &["hello", "--answer", "approve=\"bad\""]).await;
    assert_eq!(script.calls(), ["start hello {}", "resume \"bad\""]);
    insta::assert_snapshot!("run_answer_refused", stage.told(&result));
}

#[tokio::test]
async fn a_person_is_asked_until_the_answer_is_valid() {
    let mut stage = Stage::new();
    let person = ScriptedPerson::new(&["\"bad\"", "\"no\""]);
    stage.context.prompter = Some(person.clone());
    let script = Script::new([asks(&["approve"]), succeeds()]);
    assert_eq!(run(&mut stage, &script, &["hello"]).await.unwrap(), Exit::Succeeded);
    assert_eq!(script.calls(), ["start hello {}", "resume \"bad\"", "resume \"no\""]);
    assert_eq!(*person.refusals.lock().unwrap(), ["the answer does not fit the question"]);
}

#[tokio::test]
async fn a_person_who_leaves_leaves_the_play_waiting() {
    for arguments in [&["hello"] as &[&str], &["hello", "--no-input"]] {
        let mut stage = Stage::new();
        stage.context.prompter = Some(ScriptedPerson::new(&[]));
        let script = Script::new([asks(&["approve"]), succeeds()]);
        assert_eq!(run(&mut stage, &script, arguments).await.unwrap(), Exit::Waiting);
        assert!(stage.err.text().contains("hero_logic resume play_"), "{}", stage.err.text());
        assert_eq!(script.calls(), ["start hello {}"]);
    }
}

#[tokio::test]
async fn a_signal_cancels_and_a_second_one_kills() {
    let hangs = || Act { pages: Vec::new(), stop: Stop::Hang };
    let mut stage = Stage::new();
    let script = Script::new([hangs()]);
    let signals = stage.signals.clone();
    let (result, ()) = tokio::join!(run(&mut stage, &script, &["hello"]), async {
        tokio::task::yield_now().await;
        signals.send_modify(|count| *count += 1);
    });
    assert_eq!(script.calls(), ["start hello {}", "cancel interrupted by Ctrl-C or SIGTERM"]);
    insta::assert_snapshot!("run_interrupted", stage.told(&result));

    let mut stage = Stage::new();
    let script = Script::new([hangs()]).ignore_cancel();
    let (signals, err) = (stage.signals.clone(), stage.err.clone());
    let (result, ()) = tokio::join!(run(&mut stage, &script, &["hello"]), async {
        tokio::task::yield_now().await;
        signals.send_modify(|count| *count += 1);
        while !err.text().contains("cancelling") {
            tokio::task::yield_now().await;
        }
        signals.send_modify(|count| *count += 1);
    });
    insta::assert_snapshot!("run_killed", stage.told(&result));
}

#[tokio::test]
async fn inputs_are_read_as_json_first_and_then_as_text() {
    let refusal = |pointers: &[&str], message: &str| {
        let to_field = |&pointer: &&str| FieldError { pointer: pointer.into(), message: message.into() };
        Error::new(ErrorCode::InvalidInputs, "the inputs do not fit the flow hello")
            .fields(pointers.iter().map(to_field).collect())
    };
    let mut stage = Stage::new();
    let script = Script::new([succeeds()]).refuse([refusal(&["/name"], "42 is not of type string")]);
    let result = run(&mut stage, &script, &["hello", "--input", "name=42", "--input", "n=7"]).await;
    assert_eq!(result.unwrap(), Exit::Succeeded);
    assert_eq!(script.calls(), [r#"start hello {"n":7,"name":42}"#, r#"start hello {"n":7,"name":"42"}"#]);

    let mut stage = Stage::new();
    let script = Script::new([]).refuse([
        refusal(&["/name", "/n", "/zzz"], "as JSON it does not fit"),
        refusal(&["/n", "/zzz"], "as text it does not fit"),
    ]);
    let result = run(&mut stage, &script, &["hello", "--input", "name=42", "--input", "n=1.5"]).await;
    insta::assert_snapshot!("run_invalid_inputs", stage.told(&result));
}

#[tokio::test]
async fn what_cannot_start() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    for (name, arguments) in [
        ("unknown_workflow", vec!["helo"]),
        ("missing_file", vec!["nope.py"]),
        ("entry_of_workflow", vec!["hello", "--entry", "main"]),
        ("missing_inputs_file", vec!["hello", "--inputs", "@nope.json"]),
    ] {
        let mut stage = Stage::new();
        let result = run(&mut stage, &Script::new([]), &arguments).await;
        insta::assert_snapshot!(format!("run_{name}"), stage.told(&result));
    }
    let misspelt = concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds/flows/helo.py");
    let failure = run(&mut Stage::new(), &Script::new([]), &[misspelt]).await.unwrap_err();
    let guess = misspelt.replace("helo", "hello");
    let hint = failure.hint.unwrap();
    assert!(hint.starts_with("did you mean ") && hint.contains(&guess), "{hint}");
    let mut stage = Stage::new();
    let failure = run(&mut stage, &Script::new([]), &[&format!("{directory}/")]).await.unwrap_err();
    assert_eq!((failure.code, failure.exit), ("unreadable_file", Exit::Usage));
    assert!(failure.message.ends_with("it is a directory"), "{}", failure.message);
}

#[tokio::test]
async fn trouble_of_the_store_has_its_exit_code() {
    let mut stage = Stage::new();
    let full = Error::new(ErrorCode::StorageFull, "the disk is full").hint("make room");
    let result = run(&mut stage, &Script::new([]).refuse([full]), &["hello"]).await;
    insta::assert_snapshot!("run_storage_full", stage.told(&result));
    let document = serde_json::to_string(&result.unwrap_err().to_document()).unwrap();
    insta::assert_snapshot!("error_json", document);
}

#[tokio::test]
async fn a_question_is_answered_by_resume() {
    let wish = async |payload: Option<&str>| {
        let arguments = args::Resume {
            play_sid: play_sid().to_string(),
            resume_id: crate::cli::testing::resume_id(0).to_string(),
            payload: payload.map(str::to_owned),
            interaction: args::Interaction::default(),
        };
        let (_sender, mut signals) = crate::cli::signals::Signals::by_hand();
        resume::Wish::parse(arguments, &mut signals).await
    };
    for (name, payload) in
        [("resume", Some("\"no\"")), ("resume_refused", Some("\"bad\"")), ("resume_unasked", None)]
    {
        let mut stage = Stage::new();
        let script = Script::new([asks(&["approve"]), succeeds()]);
        let result = resume::run(&mut stage.context, &script, wish(payload).await.unwrap()).await;
        insta::assert_snapshot!(name, stage.told(&result));
    }
    let mut stage = Stage::new();
    let person = ScriptedPerson::new(&["\"no\""]);
    stage.context.prompter = Some(person.clone());
    let script = Script::new([asks(&["notify", "approve"]), succeeds()]);
    let mut second = wish(None).await.unwrap();
    second.resume_id = crate::cli::testing::resume_id(1);
    assert_eq!(resume::run(&mut stage.context, &script, second).await.unwrap(), Exit::Succeeded);
    assert_eq!(*person.asked.lock().unwrap(), ["approve"]);
    let mut unknown = wish(None).await.unwrap();
    unknown.resume_id = crate::cli::testing::resume_id(7);
    assert_eq!(resume::run(&mut stage.context, &script, unknown).await.unwrap_err().code, "not_found");
    let stage = Stage::new();
    let no_json = wish(Some("it's")).await;
    insta::assert_snapshot!("resume_no_json", stage.told(&no_json.map(|_| Exit::Succeeded)));
}

#[tokio::test]
async fn plays_are_shown() {
    for json in [false, true] {
        let stage = || if json { Stage::json() } else { Stage::new() };
        let suffix = if json { "_json" } else { "" };
        let script = Script::new([asks(&["approve"])]).kept("out.csv", "text/csv", &[b"a,b"]).with(|play| {
            play.tags = vec!["a".into(), "b\u{202e}".into()];
            play.cost_usd = 0.5;
            play.tokens_in = 10;
            play.sandbox = Some(confined());
        });

        let mut shown = stage();
        let result = play_show::run(&mut shown.context, &script, play_sid()).await;
        insta::assert_snapshot!(format!("show{suffix}"), shown.told(&result));

        let mut shown = stage();
        let result = play_list::run(&mut shown.context, &script, list(Some(2), None)).await;
        insta::assert_snapshot!(format!("list{suffix}"), shown.told(&result));

        let mut shown = stage();
        let result = play_tree::run(&mut shown.context, &script, play_sid()).await;
        insta::assert_snapshot!(format!("tree{suffix}"), shown.told(&result));
    }
}

fn list(limit: Option<u32>, status: Option<Status>) -> hero_sdk::logic::PlayList {
    hero_sdk::logic::PlayList { limit, status, ..hero_sdk::logic::PlayList::default() }
}

#[tokio::test]
async fn a_failed_play_and_large_values_are_shown() {
    let script = Script::new([ends(Status::Failed, value_error())]).with(|play| {
        play.inputs = json(&format!(r#"{{"text":"{}","n":[1,2.50]}}"#, "x".repeat(80)));
    });
    let mut stage = Stage::new();
    let result = play_show::run(&mut stage.context, &script, play_sid()).await;
    insta::assert_snapshot!("show_failed", stage.told(&result));
}

#[tokio::test]
async fn the_next_page_is_of_the_same_plays() {
    let mut stage = Stage::new();
    let sid = play_sid();
    let typed = ["hero_logic", "play", "list", "--workflow", "a b", "--parent", sid.as_str(), "--limit", "2"]
        .map(str::to_owned);
    let Some(Command::Play(Play::List(arguments))) = Arguments::try_parse_from(typed).unwrap().command else {
        panic!("not play list")
    };
    let params = play_list::params(arguments).unwrap();
    play_list::run(&mut stage.context, &Script::new([]), params).await.unwrap();
    let more =
        format!("more: hero_logic play list --workflow 'a b' --parent {sid} --limit 2 --cursor {sid}\n");
    assert_eq!(stage.err.text(), more);

    let arguments = args::PlayList {
        workflow: None,
        status: None,
        parent: Some("x".into()),
        tag: None,
        page: args::Page { limit: 2, cursor: None },
    };
    let failure = play_list::params(arguments).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("invalid_params", Exit::Usage));
}

#[tokio::test]
async fn nothing_to_show() {
    let mut stage = Stage::new();
    let script = Script::new([]);
    let result = play_list::run(&mut stage.context, &script, list(None, Some(Status::Queued))).await;
    assert_eq!((result.unwrap(), stage.err.text().as_str()), (Exit::Succeeded, "no plays\n"));
    let mut stage = Stage::new();
    let result = play_tree::run(&mut stage.context, &script, play_sid()).await;
    assert_eq!((result.unwrap(), stage.err.text().as_str()), (Exit::Succeeded, "no steps yet\n"));
}

#[tokio::test]
async fn plays_are_steered() {
    let mut stage = Stage::new();
    let script = Script::new([asks(&["approve"])]);
    let result = play_cancel::run(&mut stage.context, &script, play_sid(), Some("enough".into())).await;
    insta::assert_snapshot!("cancel", stage.told(&result));
    let again = play_cancel::run(&mut stage.context, &script, play_sid(), None).await.unwrap_err();
    assert_eq!((again.code, again.exit), ("conflict", Exit::Usage));

    let mut stage = Stage::new();
    let interaction = args::Interaction::default();
    let script = Script::new([succeeds()]);
    let answers = crate::cli::answers::Answers::default();
    let result = play_retry::run(&mut stage.context, &script, play_sid(), answers, &interaction).await;
    insta::assert_snapshot!("retry", stage.told(&result));
}

#[tokio::test]
async fn an_answer_that_a_retried_play_has_already_is_not_asked_for() {
    let answered = PageBuilder::new()
        .span(1, None, "main", SpanStatus::Ok)
        .span(2, Some(1), "approve", SpanStatus::Waiting)
        .with(|span| span.kind = SpanKind::Pause)
        .span(2, Some(1), "approve", SpanStatus::Ok)
        .with(|span| span.kind = SpanKind::Pause);
    let act = Act { pages: vec![answered.page()], ..succeeds() };
    let (mut stage, interaction) = (Stage::new(), args::Interaction::default());
    let answers = crate::cli::answers::Answers::parse(&["approve=1".to_owned()]).unwrap();
    let result =
        play_retry::run(&mut stage.context, &Script::new([act]), play_sid(), answers, &interaction).await;
    assert_eq!(result.unwrap(), Exit::Succeeded);
    let warning = "warning: --answer approve was not used; its question was answered before\n";
    assert!(stage.err.text().contains(warning), "{}", stage.err.text());
}

#[tokio::test]
async fn watching_ends_without_the_play() {
    let interaction = args::Interaction::default();
    let mut stage = Stage::new();
    let script = Script::new([Act { pages: Vec::new(), stop: Stop::Hang }]);
    stage.signals.send_modify(|count| *count += 1);
    let answers = crate::cli::answers::Answers::default();
    let result = play_follow::run(&mut stage.context, &script, play_sid(), answers, &interaction).await;
    assert_eq!(result.unwrap(), Exit::Killed);
    assert!(script.calls().is_empty());
    assert!(stage.err.text().ends_with(&format!("to go on: hero_logic play follow {}\n", play_sid())));

    let wait = |timeout_ms| hero_sdk::logic::PlayWait {
        play_sid: play_sid(),
        timeout_ms,
        until: hero_sdk::logic::Until::Settled,
    };
    let mut stage = Stage::new();
    let result = play_wait::run(&mut stage.context, &script, wait(Some(10))).await;
    insta::assert_snapshot!("wait_timeout", stage.told(&result));
    let mut stage = Stage::new();
    let result = play_wait::run(&mut stage.context, &Script::new([succeeds()]), wait(None)).await;
    insta::assert_snapshot!("wait", stage.told(&result));
}

#[tokio::test]
async fn the_live_tree_ends_complete() {
    let mut stage = Stage::new();
    let size = || crate::cli::terminal::Size { width: 60, height: 10 };
    stage.context.style = Style::Live { size };
    let script = Script::new([asks(&["approve"]), succeeds()]);
    let result = run(&mut stage, &script, &["hello", "--answer", "approve=1", "--answer", "other=2"]).await;
    assert_eq!(result.unwrap(), Exit::Succeeded);
    let mut terminal = vt100::Parser::new(10.try_into().unwrap(), 60.try_into().unwrap(), 0);
    terminal.process(&stage.err.bytes());
    let screen = terminal.screen().contents();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(
        lines[..3],
        ["✓ main  ok 12 ms", "├─ ? approve  waiting", "└─ ✓ greet  ok 12 ms  │ hello \\x1b[31mred"],
        "{screen}"
    );
    assert!(lines[3].starts_with("✓ succeeded ") && lines[3].contains("2 done, 1 waiting"), "{screen}");
    assert_eq!(lines[4..], ["warning: --answer other was not used; asked: approve"], "{screen}");
}
