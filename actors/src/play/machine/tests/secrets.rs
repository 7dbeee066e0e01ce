//! A play with secrets, from the machine's side: what is written, and what the process gets back.

use std::{collections::BTreeMap, sync::Arc};

use hero_sdk::SecretValue;
use hero_store::{Outcome, Payload};

use super::{super::*, lines::*, stage::Stage};
use crate::secrets::{Redactor, Salt};

const PIN: &str = "12345678";

fn running() -> Stage {
    let mut stage = Stage::running();
    know(&mut stage);
    stage
}

fn know(stage: &mut Stage) {
    let value = SecretValue::try_from(PIN.to_owned()).unwrap();
    let values = BTreeMap::from([("PIN".parse().unwrap(), value)]);
    let redactor = Redactor::new(&values, &Salt([7; crate::private::RANDOM_BYTES]), "");
    stage.rig.machine.as_mut().unwrap().keep_out(Some(Arc::new(redactor)));
}

fn log(text: &str) -> String {
    format!(r#"{{"t":"log","id":1,"level":"info","stream":"stdout","text":"{text}"}}"#)
}

/// Every row, as text.
fn kept(stage: &Stage) -> String {
    let disk = &stage.rig.disk;
    let rows = (&disk.row, &disk.records, &disk.spans, &disk.logs, &disk.resumes, &disk.artifacts);
    let kept = format!("{rows:?}");
    assert!(!kept.contains(PIN), "{kept}");
    kept
}

#[test]
fn outputs_are_checked_as_the_flow_gave_them_and_kept_without_values() {
    let mut stage = running();
    // An integer is declared.
    stage.say(numbered(with(r#"{"t":"done","status":"succeeded"}"#, format!("\"outputs\":{PIN}")), 1));
    assert_eq!(stage.status(), Status::Succeeded);
    assert_eq!(stage.machine().play().outputs, Some(Json::parse("\"[secret PIN]\"").unwrap()));

    let mut stage = running();
    stage.say(numbered(with(r#"{"t":"done","status":"succeeded"}"#, format!("\"outputs\":\"{PIN}\"")), 1));
    assert_eq!(stage.error().code, "invalid_outputs");
    assert!(stage.error().message.contains("[secret PIN]"), "{:?}", stage.error());
    kept(&stage);
}

#[test]
fn records_are_kept_with_a_mark() {
    let mut stage = running();
    stage.say(call(2, 1, "main#0/s#0"));
    stage.say(give(2, "ok", format!("\"x{PIN}\""), 1));
    let Outcome::Ok(Payload::Inline(value)) = stage.outcome() else { panic!() };
    assert!(value.as_str().starts_with("\"x\\u005bsecret PIN "), "{value}");
    kept(&stage);
}

#[test]
fn an_answer_is_kept_without_a_value_and_given_with_it() {
    let mut stage = running();
    stage.ask(2, "q", 1);
    stage.answer(0, &format!("\"{PIN}\"")).unwrap();
    assert!(stage.log.iter().any(|said| said.contains("commit")), "{:?}", stage.log);
    let sent = format!(r#""status":"answered","payload":"{PIN}""#);
    assert!(stage.log.iter().any(|said| said.contains(&sent)), "{:?}", stage.log);
    // The same again is the same, another one is another one.
    stage.answer(0, &format!("\"{PIN}\"")).unwrap();
    assert_eq!(stage.answer(0, "\"[secret PIN]\"").unwrap_err().code, ErrorCode::Conflict);
    assert_eq!(stage.span("main#0/q#0").output.as_deref(), Some("\"[secret PIN]\""));
    kept(&stage);

    // A process that asks again later gets it, too.
    stage.exit(-9);
    stage.go_on();
    know(&mut stage);
    stage.ask(2, "q", 1);
    assert!(stage.log.iter().any(|said| said.contains(&sent)), "{:?}", stage.log);
}

/// What stands in the place of a value is no number, and longer.
#[test]
fn an_answer_fits_the_schema_as_the_flow_sees_both() {
    for (schema, fits, does_not) in [
        (r#"{"type":"integer"}"#.to_owned(), PIN.to_owned(), format!("\"{PIN}\"")),
        (r#"{"type":"integer"}"#.to_owned(), format!("-{PIN}"), format!("{PIN}.5")),
        (format!(r#"{{"enum":["{PIN}",{PIN}]}}"#), PIN.to_owned(), "1".to_owned()),
        (r#"{"type":"string","maxLength":8}"#.to_owned(), format!("\"{PIN}\""), format!("\"{PIN}0\"")),
        (format!(r#"{{"required":["{PIN}"]}}"#), format!(r#"{{"{PIN}":1}}"#), "{}".to_owned()),
    ] {
        let mut stage = running();
        let line = r#"{"t":"pause","id":2,"parent":1,"path":"main#0/q#0","name":"q","fp":"f"}"#;
        stage.say(numbered(with(line, format!("\"schema\":{schema}")), 1));
        let refused = stage.answer(0, &does_not).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidPayload);
        assert!(!format!("{refused:?}").contains(PIN), "{refused:?}");
        stage.answer(0, &fits).unwrap();
        let sent = format!(r#""status":"answered","payload":{fits}"#);
        assert!(stage.log.iter().any(|said| said.contains(&sent)), "{:?}", stage.log);
        kept(&stage);
    }
}

#[test]
fn why_a_play_was_cancelled_is_kept_without_a_value() {
    let mut stage = running();
    stage.wish(|caller| Event::Cancel { reason: Some(format!("because of {PIN}")), caller });
    stage.exit(-15);
    assert!(kept(&stage).contains("because of [secret PIN]"));
}

#[test]
fn a_line_that_is_held_back_is_kept_in_the_end() {
    for end in ["exit", "done", "cancel", "time"] {
        let mut stage = running();
        stage.say(log("1234"));
        assert!(stage.rig.disk.logs.is_empty(), "{end}");
        match end {
            "exit" => stage.exit(-9),
            "done" => stage.say(numbered(SUCCEEDED, 1)),
            "cancel" => {
                stage.cancel();
                stage.exit(-15);
            }
            _ => {
                // It is looked after until then.
                for _ in 0..3 {
                    stage.handle(Event::FlushDue);
                    assert!(stage.log.iter().any(|said| said == "FlushSoon"), "{:?}", stage.log);
                }
                stage.rig.now.monotonic_us += 1_000_000;
                stage.handle(Event::FlushDue);
                assert!(stage.log.iter().all(|said| said != "FlushSoon"), "{:?}", stage.log);
            }
        }
        let said: Vec<&str> = stage.rig.disk.logs.values().map(|line| line.text.as_str()).collect();
        assert!(said.contains(&"1234"), "{end}: {said:?}");
    }
}

#[test]
fn lines_that_hold_a_value_are_kept_without_it() {
    let mut stage = running();
    for text in ["1234", "5678 and more", PIN] {
        stage.say(log(text));
    }
    stage.handle(Event::FlushDue);
    let said: Vec<&str> = stage.rig.disk.logs.values().map(|line| line.text.as_str()).collect();
    assert_eq!(said, ["[secret PIN]", "[secret PIN] and more", "[secret PIN]"]);
    kept(&stage);
}

#[test]
fn a_value_in_a_path_ends_the_play() {
    let mut stage = running();
    stage.say(call(2, 1, &format!("main#0/s[{PIN}]")));
    assert_eq!(stage.error().code, "secret_in_path");
    assert!(stage.log.iter().any(|said| said.starts_with("Kill")), "{:?}", stage.log);
    kept(&stage);
}

#[test]
fn a_garbled_line_is_told_without_its_value() {
    let mut stage = running();
    let garbled = crate::play::event::Garbled { reason: format!("unknown {PIN}"), n: None, is_done: false };
    let attempt = stage.attempt();
    stage.handle(Event::Garbled { attempt, garbled });
    stage.handle(Event::FlushDue);
    assert!(kept(&stage).contains("unknown [secret PIN]"));
}

#[test]
fn an_artifact_is_kept_under_a_name_without_a_value() {
    let mut stage = running();
    let put = |name: &str, kind: &str| {
        let text = r#"{"t":"artifact","id":1,"path":"12345678.csv"}"#;
        numbered(with(text, format!(r#""name":"{name}","media_type":"{kind}""#)), 1)
    };
    stage.say(put("out", "x/12345678"));
    assert!(stage.log.last().unwrap().contains("bad_media_type"), "{:?}", stage.log);
    stage.say(put("12345678.csv", "text/csv"));
    assert!(stage.log[0].contains("path: \"12345678.csv\""), "it is found by that: {:?}", stage.log);
    let (attempt, result) = (stage.attempt(), Ok(("aa".to_owned(), 3)));
    stage.handle(Event::ArtifactCopied { attempt, result });
    assert_eq!(stage.rig.disk.artifacts["[secret PIN].csv"].media_type, "text/csv");
    kept(&stage);
}

#[test]
fn a_play_without_its_secrets_ends_at_once_and_may_be_retried() {
    let secrets = [ErrorCode::SecretMissing, ErrorCode::SecretChanged, ErrorCode::SecretUnreadable];
    for code in secrets.into_iter().chain([ErrorCode::InvalidParams]) {
        let mut stage = Stage::accepted();
        stage.handle(Event::Admitted);
        stage.handle(Event::SpawnFailed { attempt: 1, error: Error::new(code, "why") });
        assert_eq!((stage.status(), stage.error().code.as_str()), (Status::Failed, code.as_str()));
        assert!(stage.machine().is_idle());
        stage.retry().unwrap().unwrap();
        stage.go_on();
        assert_eq!(stage.status(), Status::Running);
    }
}
