//! What a flow asks of the library: one after the other, answered or refused, and never twice.

use super::{super::*, lines::numbered, stage::Stage};

fn ask(stage: &mut Stage, what: &str, n: u64) {
    stage.say(numbered(format!(r#"{{"t":"library","id":1,"ask":"{what}","params":{{"query":"x"}}}}"#), n));
}

fn answered(stage: &mut Stage, result: Result<Json, Error>) {
    stage.handle(Event::LibraryAnswered { attempt: 1, result });
}

#[test]
fn questions_are_answered_in_their_order() {
    let mut stage = Stage::running();
    ask(&mut stage, "search", 1);
    let asked = r#"AskLibrary { attempt: 1, ask: "search", params: {"query":"x"} }"#;
    assert_eq!(stage.log, [asked]);
    ask(&mut stage, "save", 2);
    assert!(stage.log.is_empty(), "{:?}", stage.log);
    answered(&mut stage, Ok(Json::parse(r#"{"hits":[]}"#).unwrap()));
    let sent = r#"send {"t":"library_result","n":1,"result":{"hits":[]}}"#;
    assert_eq!(stage.log[1..], [sent, &asked.replace("search", "save")]);
    let error = Error::new(ErrorCode::InvalidSource, "no flow").hint("write @flow");
    answered(&mut stage, Err(error));
    let sent = r#"send {"t":"library_error","n":2,"code":"invalid_source","message":"no flow","hint":"write @flow"}"#;
    assert_eq!(stage.log[1..], [sent]);
    // Nobody has asked any more.
    answered(&mut stage, Ok(Json::null()));
    assert!(stage.log.is_empty(), "{:?}", stage.log);
}

#[test]
fn a_registry_that_is_gone_is_no_answer() {
    let mut stage = Stage::running();
    ask(&mut stage, "search", 1);
    answered(&mut stage, Err(Error::new(ErrorCode::ShuttingDown, "going down")));
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
}

#[test]
fn a_flood_of_questions_is_refused_and_one_from_nowhere() {
    let mut stage = Stage::running();
    for n in 1..=1_000 {
        ask(&mut stage, "search", n);
    }
    ask(&mut stage, "search", 1_001);
    assert!(stage.log.last().unwrap().contains(r#""code":"busy""#), "{:?}", stage.log);
    stage.say(r#"{"t":"library","id":99,"ask":"search","params":{},"n":1002}"#);
    assert!(stage.log.last().unwrap().contains("refused"), "{:?}", stage.log);
}

#[test]
fn what_a_process_saves_has_an_end() {
    let mut stage = Stage::running();
    for n in 1..=100 {
        ask(&mut stage, "save", n);
        answered(&mut stage, Ok(Json::null()));
    }
    ask(&mut stage, "save", 101);
    assert!(stage.log.last().unwrap().contains(r#""code":"busy""#), "{:?}", stage.log);
    // It may still ask.
    ask(&mut stage, "search", 102);
    assert!(stage.log.last().unwrap().contains("AskLibrary"), "{:?}", stage.log);
}
