//! Every table: what is put is read, in the promised order, before and after the store is opened again.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use common::*;
use hero_sdk::model::*;
use hero_store::*;

/// Runs `check` on a store that `batches` were written to, and once more after it was closed and opened.
fn check(batches: Vec<Batch>, check: impl Fn(&Tables)) {
    let home = Home::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tables = home.open();
    for batch in batches {
        runtime.block_on(tables.commit(batch)).unwrap();
    }
    check(&tables);
    runtime.block_on(tables.close()).unwrap();
    let tables = home.open();
    check(&tables);
    tables.close_blocking().unwrap();
}

fn batch(fill: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new();
    assert!(batch.is_empty());
    fill(&mut batch);
    assert!(!batch.is_empty() && batch.bytes() > 0);
    batch
}

fn numbers(plays: &[Play]) -> Vec<u32> {
    plays.iter().map(|play| play.play_sid.as_str()["play_".len()..].parse().unwrap()).collect()
}

#[test]
fn plays_are_found_by_every_way() {
    let statuses = [
        Status::Queued,
        Status::Running,
        Status::AwaitingResume,
        Status::AwaitingChild,
        Status::Sleeping,
        Status::Succeeded,
        Status::Failed,
        Status::Cancelled,
        Status::Diverged,
    ];
    let rows: Vec<PlayRow> = (1..).zip(statuses).map(|(number, status)| play(number, status)).collect();
    let put = batch(|batch| rows.iter().for_each(|row| batch.put_play(row)));
    let end_first = batch(|batch| batch.put_play(&play(1, Status::Succeeded)));
    check(vec![put, end_first], |tables| {
        assert_eq!(tables.play(&play_sid(1)).unwrap().unwrap().play.status, Status::Succeeded);
        for row in &rows[1..] {
            assert_eq!(tables.play(&row.play.play_sid).unwrap().as_ref(), Some(row));
            let key = row.memory.idempotency_key.as_deref().unwrap();
            assert_eq!(tables.play_by_idempotency_key(key).unwrap().as_ref(), Some(&row.play.play_sid));
        }
        assert_eq!(tables.play(&play_sid(99)).unwrap(), None);
        assert_eq!(tables.play_by_idempotency_key("other").unwrap(), None);
        assert_eq!(tables.plays_unfinished().unwrap(), rows[1..5]);
    });
}

#[test]
fn plays_that_have_not_ended_are_counted_by_where_they_stand() {
    let all =
        [Status::Queued, Status::AwaitingResume, Status::AwaitingResume, Status::Failed, Status::Succeeded];
    let batches = (1..).zip(all).map(|(number, status)| batch(|batch| batch.put_play(&play(number, status))));
    check(batches.collect(), |tables| {
        let mut counts = tables.unfinished_by_status().unwrap();
        counts.sort_by_key(|(_, count)| *count);
        assert_eq!(counts, [(Status::Queued, 1), (Status::AwaitingResume, 2)]);
    });
}

#[test]
fn pages_of_plays_go_back_in_time() {
    let put = batch(|batch| {
        for number in 1..=300 {
            let status = if number % 50 == 0 { Status::Running } else { Status::Succeeded };
            batch.put_play(&play(number, status));
        }
    });
    check(vec![put], |tables| {
        let page = |filter: PlayFilter, before: Option<u32>, limit| {
            numbers(&tables.plays_page(&filter, before.map(play_sid).as_ref(), limit).unwrap())
        };
        let any = PlayFilter::default();
        assert_eq!(page(any.clone(), None, 3), [300, 299, 298]);
        assert_eq!(page(any.clone(), Some(298), 2), [297, 296]);
        assert_eq!(page(any.clone(), Some(2), 5), [1]);
        assert!(page(any.clone(), Some(1), 5).is_empty());
        assert!(page(any.clone(), None, 0).is_empty());
        assert_eq!(page(any, None, 1_000).len(), 300);
        let odd = OfWorkflow { name: "odd".into(), workflow_sid: None };
        let odd = PlayFilter { workflow: Some(odd), tag: Some("mod0".into()), ..PlayFilter::default() };
        assert_eq!(page(odd, Some(16), 10), [15, 9, 3]);
        let running = PlayFilter { status: Some(Status::Running), ..PlayFilter::default() };
        assert_eq!(page(running.clone(), None, 4), [300, 250, 200, 150]);
        assert_eq!(page(running, Some(150), 4), [100, 50]);
        let succeeded = PlayFilter { status: Some(Status::Succeeded), ..PlayFilter::default() };
        assert_eq!(page(succeeded, Some(51), 2), [49, 48]);
    });
}

#[test]
fn records_come_in_order_of_seq_and_the_newest_of_a_path_stands() {
    let records = records();
    let put = batch(|batch| {
        records.iter().rev().for_each(|record| batch.put_record(&play_sid(1), record));
        batch.put_record(&play_sid(2), &record(1, Outcome::Cancelled));
    });
    let mut moved = record(40, Outcome::Cancelled);
    moved.path = records[0].path.clone();
    let change = batch(|batch| {
        batch.put_record(&play_sid(1), &moved);
        batch.delete_record(&play_sid(1), &records[2].path);
        batch.delete_record(&play_sid(1), "never there");
    });
    check(vec![put, change], |tables| {
        let mut expected = records.clone();
        expected.remove(2);
        expected.remove(0);
        expected.push(moved.clone());
        assert_eq!(tables.records(&play_sid(1)).unwrap(), expected);
        assert_eq!(tables.records(&play_sid(2)).unwrap().len(), 1);
        assert!(tables.records(&play_sid(3)).unwrap().is_empty());
    });
}

#[test]
fn a_changed_span_moves_to_the_end() {
    let play = play_sid(1);
    let first = batch(|batch| {
        batch.put_span(&play, &span(1, 1), None);
        batch.put_log(&play, &log(2));
        batch.put_span(&play, &span(2, 3), None);
        batch.put_log(&play_sid(2), &log(9));
    });
    let second = batch(|batch| {
        batch.put_span(&play, &span(1, 4), Some(1));
        // Twice in one batch: only the last place is left.
        batch.put_span(&play, &span(3, 5), None);
        batch.put_span(&play, &span(3, 300), Some(5));
        batch.put_span(&play, &span(2, 3), Some(3));
    });
    check(vec![first, second], |tables| {
        let expected = [
            Change::Log(log(2)),
            Change::Span(span(2, 3)),
            Change::Span(span(1, 4)),
            Change::Span(span(3, 300)),
        ];
        assert_eq!(tables.changes_after(&play, 0, 100).unwrap(), expected);
        assert_eq!(tables.changes_after(&play, 2, 1).unwrap(), expected[1..2]);
        assert_eq!(tables.changes_after(&play, 3, 100).unwrap(), expected[2..]);
        assert!(tables.changes_after(&play, 300, 100).unwrap().is_empty());
        assert!(tables.changes_after(&play, u64::MAX, 100).unwrap().is_empty());
        assert_eq!(expected[3].seq(), 300);
    });
}

#[test]
fn questions_are_found_by_play_and_while_they_are_open() {
    let put = batch(|batch| {
        batch.put_resume(&resume(1, 1, ResumeStatus::Open));
        batch.put_resume(&resume(2, 2, ResumeStatus::Open));
        // Made later in the same millisecond, with a lesser id.
        batch.put_resume(&ResumeRequest { created_at: NOW.plus_ms(9), ..resume(0, 1, ResumeStatus::Open) });
        batch.put_resume(&resume(3, 1, ResumeStatus::Withdrawn));
    });
    let answer = batch(|batch| batch.put_resume(&resume(2, 2, ResumeStatus::Answered)));
    check(vec![put, answer], |tables| {
        let ids = |resumes: Vec<ResumeRequest>| {
            resumes.into_iter().map(|resume| resume.resume_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(tables.resumes_open().unwrap()), [1, 0].map(resume_id));
        assert_eq!(ids(tables.resumes_of(&play_sid(1)).unwrap()), [1, 3, 0].map(resume_id));
        assert_eq!(tables.resume(&resume_id(2)).unwrap(), Some(resume(2, 2, ResumeStatus::Answered)));
        assert_eq!(tables.resume(&resume_id(7)).unwrap(), None);
    });
}

#[test]
fn the_library_is_found_by_name_number_and_digest() {
    let put = batch(|batch| {
        batch.put_workflow(&workflow(1, "hello"));
        batch.put_workflow(&workflow(2, "other"));
        batch.put_version(&version(1, Some((1, 1)), "d1"));
        batch.put_version(&version(2, Some((1, 256)), "d2"));
        batch.put_version(&version(3, None, "d3"));
        for name in ["b", "a"] {
            batch.put_example(&example(1, name));
        }
        batch.put_example(&example(2, "c"));
    });
    let rename = batch(|batch| {
        batch.put_workflow(&workflow(1, "hello again"));
        batch.put_example(&Example { note: Some("new".into()), ..example(1, "a") });
        // Whoever expects null expects something.
        for (name, expected_outputs) in [("null", Some(json("null"))), ("open", None)] {
            batch.put_example(&Example { expected_outputs, ..example(3, name) });
        }
    });
    check(vec![put, rename], |tables| {
        assert_eq!(tables.workflow(&workflow_sid(1)).unwrap(), Some(workflow(1, "hello again")));
        assert_eq!(tables.workflow_by_name("hello again").unwrap(), Some(workflow(1, "hello again")));
        assert_eq!(tables.workflow_by_name("hello").unwrap(), None);
        assert_eq!(tables.workflows().unwrap(), [workflow(1, "hello again"), workflow(2, "other")]);
        assert_eq!(tables.workflows_after(None, 1).unwrap(), [workflow(1, "hello again")]);
        assert_eq!(tables.workflows_after(Some(&workflow_sid(1)), 9).unwrap(), [workflow(2, "other")]);
        assert_eq!(tables.workflows_after(Some(&workflow_sid(2)), 9).unwrap(), []);
        assert_eq!(tables.version(&version_sid(3)).unwrap(), Some(version(3, None, "d3")));
        assert_eq!(tables.version_by_digest("d2").unwrap(), Some(version(2, Some((1, 256)), "d2")));
        assert_eq!(tables.version_by_digest("d9").unwrap(), None);
        let expected = |name: &str| tables.example(&workflow_sid(3), name).unwrap().unwrap().expected_outputs;
        assert_eq!((expected("null"), expected("open")), (Some(json("null")), None));
        let by_number = |number| tables.workflow_version(&workflow_sid(1), number).unwrap();
        assert_eq!(by_number(1), Some(version(1, Some((1, 1)), "d1")));
        assert_eq!(by_number(256), Some(version(2, Some((1, 256)), "d2")));
        assert_eq!(by_number(2), None);
        let examples = tables.examples(&workflow_sid(1)).unwrap();
        assert_eq!(examples.iter().map(|example| example.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(examples[0].note.as_deref(), Some("new"));
    });
}

#[test]
fn an_artifact_is_found_by_its_play_and_its_content_by_whoever_has_it() {
    let first = batch(|batch| {
        batch.put_artifact(&artifact(1, "b", "b0"), None);
        batch.put_artifact(&artifact(1, "a", "a0"), None);
        batch.put_artifact(&artifact(2, "a", "a0"), None);
    });
    let replaced = batch(|batch| batch.put_artifact(&artifact(1, "a", "c0"), Some(&"a0".repeat(32))));
    let again = batch(|batch| batch.put_artifact(&artifact(1, "b", "b0"), Some(&"b0".repeat(32))));
    check(vec![first, replaced, again], |tables| {
        let expected = [artifact(1, "a", "c0"), artifact(1, "b", "b0")];
        assert_eq!(tables.artifacts(&play_sid(1)).unwrap(), expected);
        assert_eq!(tables.artifact(&play_sid(2), "a").unwrap(), Some(artifact(2, "a", "a0")));
        assert_eq!(tables.artifact(&play_sid(2), "b").unwrap(), None);
        for (digest, is_in_use) in [("a0", true), ("b0", true), ("c0", true), ("d0", false)] {
            assert_eq!(tables.is_content_in_use(&digest.repeat(32)).unwrap(), is_in_use, "{digest}");
        }
    });
    let gone = batch(|batch| batch.put_artifact(&artifact(2, "a", "e0"), Some(&"a0".repeat(32))));
    let first = batch(|batch| batch.put_artifact(&artifact(2, "a", "a0"), None));
    check(vec![first, gone], |tables| assert!(!tables.is_content_in_use(&"a0".repeat(32)).unwrap()));
}

#[test]
fn text_of_any_length_and_kind_is_a_key() {
    let texts = ["", "\0", "\u{10ffff}", "a/b#0~c%5B", &"x".repeat(70_000), &("x".repeat(70_000) + "y")];
    let put = batch(|batch| {
        for (text, number) in texts.iter().zip(1..) {
            let mut row = play(number, Status::Queued);
            row.memory.idempotency_key = Some((*text).into());
            batch.put_play(&row);
            let mut record = record(u64::from(number), Outcome::Cancelled);
            record.path = (*text).into();
            batch.put_record(&play_sid(1), &record);
            batch.put_workflow(&workflow(number, text));
            batch.put_example(&example(1, text));
        }
    });
    check(vec![put], |tables| {
        for (text, number) in texts.iter().zip(1..) {
            assert_eq!(tables.play_by_idempotency_key(text).unwrap(), Some(play_sid(number)));
            assert_eq!(tables.workflow_by_name(text).unwrap(), Some(workflow(number, text)));
        }
        let paths: Vec<String> =
            tables.records(&play_sid(1)).unwrap().into_iter().map(|record| record.path).collect();
        assert_eq!(paths, texts);
        assert_eq!(tables.examples(&workflow_sid(1)).unwrap().len(), texts.len());
    });
}

#[test]
fn one_batch_holds_each_row_once() {
    let mut batch = batch(|batch| batch.put_record(&play_sid(1), &record(1, Outcome::Cancelled)));
    let bytes = batch.bytes();
    batch.put_record(&play_sid(1), &record(1, Outcome::Cancelled));
    assert_eq!(batch.bytes(), bytes);
    batch.delete_record(&play_sid(1), &record(1, Outcome::Cancelled).path);
    assert!(batch.bytes() < bytes);
    check(vec![batch], |tables| assert!(tables.records(&play_sid(1)).unwrap().is_empty()));
}
