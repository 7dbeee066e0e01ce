//! Workflows that a flow invokes in its own process, from the machine's side.

use hero_sdk::VersionSid;

use super::{super::*, lines::*, stage::Stage};
use crate::play::sample::found;

fn resolve(stage: &mut Stage, name: &str, n: u64) {
    stage.say(numbered(format!(r#"{{"t":"resolve","id":1,"name":"{name}"}}"#), n));
}

fn looked_up(stage: &mut Stage, name: &str, version_sid: &VersionSid) {
    let result = Ok(Box::new(found(name, version_sid.clone())));
    stage.handle(Event::LookedUp { attempt: stage.attempt(), result });
}

fn resolved(n: u64, name: &str, version_sid: &VersionSid) -> String {
    format!(
        "send {{\"t\":\"resolved\",\"n\":{n},\"workflow\":{{\"name\":\"{name}\",\"workflow\":\"{name}\",\"version\":1,\
         \"version_sid\":\"{version_sid}\",\"file_name\":\"{name}.py\",\"source\":\"pass\\n\",\"entry\":\"main\",\
         \"inputs\":{{}},\"outputs\":{{}}}}}}"
    )
}

#[test]
fn a_name_stands_for_one_version_over_all_attempts() {
    let mut stage = Stage::running();
    let (first, later) = (VersionSid::new(), VersionSid::new());
    resolve(&mut stage, "a", 1);
    assert_eq!(stage.log, [r#"LookUp { attempt: 1, name: "a", known: None }"#]);
    looked_up(&mut stage, "a", &first);
    let sent = resolved(1, "a", &first);
    assert_eq!(stage.log, ["commit Yes play:running span:main#0:Running", &sent]);
    stage.exit(-9);
    stage.forget();
    stage.recover().unwrap();
    stage.go_on();
    resolve(&mut stage, "a", 1);
    let known = stage.machine().row.memory.workflows[0].clone();
    assert_eq!(known.version_sid, first);
    assert_eq!(stage.log, [format!("LookUp {{ attempt: 2, name: \"a\", known: Some({known:?}) }}")]);
    looked_up(&mut stage, "a", &first);
    assert_eq!(stage.log.last(), Some(&sent));
    resolve(&mut stage, "b", 2);
    looked_up(&mut stage, "b", &later);
    assert_eq!(stage.machine().row.memory.workflows.len(), 2);
}

#[test]
fn names_are_looked_up_one_after_the_other() {
    let mut stage = Stage::running();
    let version_sid = VersionSid::new();
    resolve(&mut stage, "a", 1);
    resolve(&mut stage, "a", 2);
    assert_eq!(stage.log, [""; 0]);
    looked_up(&mut stage, "a", &version_sid);
    assert!(stage.log.last().unwrap().contains("known: Some"), "{:?}", stage.log);
    looked_up(&mut stage, "a", &version_sid);
    assert_eq!(stage.log.last(), Some(&resolved(2, "a", &version_sid)));
}

#[test]
fn what_cannot_be_found_is_told_and_nothing_is_written() {
    let mut stage = Stage::running();
    resolve(&mut stage, "a", 1);
    let error = Error::new(ErrorCode::NotFound, "no workflow \"a\"").hint("there are: b");
    stage.handle(Event::LookedUp { attempt: 1, result: Err(error) });
    let sent = r#"send {"t":"not_resolved","n":1,"code":"not_found","message":"no workflow \"a\"","hint":"there are: b"}"#;
    assert_eq!(stage.log.last().unwrap(), sent);
    assert!(stage.machine().row.memory.workflows.is_empty());
}

#[test]
fn a_registry_that_is_gone_is_no_outcome() {
    let mut stage = Stage::running();
    resolve(&mut stage, "a", 1);
    let error = Error::new(ErrorCode::ShuttingDown, "going down");
    stage.handle(Event::LookedUp { attempt: 1, result: Err(error) });
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
}

#[test]
fn an_archived_workflow_runs_and_is_said_to_be_archived() {
    let mut stage = Stage::running();
    resolve(&mut stage, "a", 1);
    let mut found = found("a", VersionSid::new());
    found.is_archived = true;
    stage.handle(Event::LookedUp { attempt: 1, result: Ok(Box::new(found)) });
    assert!(stage.log[0].contains("log:the workflow a is archived"), "{:?}", stage.log);
    assert!(stage.log.last().unwrap().starts_with("send"), "{:?}", stage.log);
}

#[test]
fn a_flood_of_names_is_refused() {
    let mut stage = Stage::running();
    for n in 1..=200 {
        resolve(&mut stage, &format!("w{n}"), n);
        looked_up(&mut stage, &format!("w{n}"), &VersionSid::new());
    }
    resolve(&mut stage, "more", 201);
    assert!(stage.log.last().unwrap().contains(r#""code":"busy""#), "{:?}", stage.log);
    resolve(&mut stage, "w7", 202);
    assert!(stage.log[0].starts_with("LookUp"), "{:?}", stage.log);
    stage.say(r#"{"t":"resolve","id":99,"name":"x","n":203}"#);
    assert!(stage.log.last().unwrap().contains("refused"), "{:?}", stage.log);
}
