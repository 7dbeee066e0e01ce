//! The search of the library as its callers see it: how good it is, what each ingredient is worth, and what it never
//! does, whatever it is asked.

#[path = "search/set.rs"]
mod set;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use hero_actors::search::{Document, Found, Index, Ingredients, LIMIT_MAX, Outcome, Plain, Quality, Query};
use hero_sdk::{Error, ErrorCode, Json, WorkflowSid};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use set::{Library, Question};

type Result<T = ()> = std::result::Result<T, Error>;

/// How much of what a search should do it does: the first right answer high up, and none where there is none.
fn worth(outcomes: &[Outcome]) -> f64 {
    let quality = Quality::of(outcomes);
    let (answered, none): (Vec<&Outcome>, Vec<&Outcome>) =
        outcomes.iter().partition(|outcome| !outcome.relevant.is_empty());
    let mrr = quality.mrr.unwrap_or_default() * answered.len() as f64;
    let abstained = quality.abstained.unwrap_or_default() * none.len() as f64;
    (mrr + abstained) / outcomes.len() as f64
}

fn outcomes(library: &Library, index: &Index, questions: &[Question]) -> Result<Vec<Outcome>> {
    questions.iter().map(|question| library.ask(index, question)).collect()
}

#[test]
fn each_ingredient_left_out_lowers_the_figures() -> Result {
    let (library, questions) = (Library::load(), Question::load());
    let all = worth(&outcomes(&library, &library.index(Ingredients::ALL)?, &questions)?);
    for (name, rest) in Ingredients::each_left_out() {
        let without = worth(&outcomes(&library, &library.index(rest)?, &questions)?);
        assert!(without < all, "without {name} it is worth {without:.4}, with it {all:.4}");
    }
    Ok(())
}

#[test]
fn it_is_better_than_plain_bm25() -> Result {
    let (library, questions) = (Library::load(), Question::load());
    let index = library.index(Ingredients::ALL)?;
    let plain = Plain::new(&library.documents)?;
    for split in ["development", "test"] {
        let questions: Vec<Question> =
            questions.iter().filter(|question| question.split == split).cloned().collect();
        let ours = Quality::of(&outcomes(&library, &index, &questions)?);
        let others: Result<Vec<Outcome>> =
            questions.iter().map(|question| library.ask_plain(&plain, question)).collect();
        let others = Quality::of(&others?);
        let better = |figure: fn(&Quality) -> Option<f64>| figure(&ours) > figure(&others);
        assert!(better(|quality| quality.mrr), "{split}: {ours:?} {others:?}");
        assert!(better(|quality| quality.abstained), "{split}: {ours:?} {others:?}");
    }
    Ok(())
}

#[test]
fn every_hit_says_why_and_how_well() -> Result {
    let (library, questions) = (Library::load(), Question::load());
    let index = library.index(Ingredients::ALL)?;
    let mut hits = 0;
    for question in &questions {
        let found = index.search(&question.query())?.hits;
        let scores: Vec<f64> = found.iter().map(|hit| hit.score).collect();
        assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
        for hit in &found {
            assert!((0.0..=1.0).contains(&hit.score) && !hit.why.is_empty(), "{}: {hit:?}", question.kind);
        }
        hits += found.len();
        assert_eq!(index.search(&question.query())?.hits, found, "the same question, another answer");
    }
    assert!(hits > 100, "{hits}");
    Ok(())
}

#[test]
fn reasons_are_in_words() -> Result {
    let index =
        index(&[flow(1, "resize_images", "Scales pictures down."), flow(2, "send_mail", "Sends a letter.")])?;
    let why = |query: Query| Ok::<_, Error>(index.search(&query)?.hits.remove(0).why);
    assert_eq!(why(Query::new("resize"))?, [r#""resize" is in the name"#]);
    assert_eq!(why(Query::new("photo"))?, [r#""photo" is in the name as "image""#]);
    assert_eq!(why(Query::new("imagse"))?, [r#""imagse", taken for "imag…", is in the name"#]);
    let inputs = Json::from(&json!({"folder": "string"}));
    let why = why(Query { inputs: Some(inputs), ..Query::new("resize") })?;
    assert_eq!(why, [r#""resize" is in the name"#, r#""folder" fits the input "directory""#]);
    Ok(())
}

#[test]
fn ways_to_say_a_word() -> Result {
    let index = index(&[
        flow(1, "parseHTTPResponse", "Über größere Cafés: naïve façade"),
        flow(2, "timesheet_export", "Puts hours into a spreadsheet."),
        flow(3, "json2csv", "数据转换工具"),
        flow(4, "configuration_check", "Looks for mistakes."),
    ])?;
    for (question, number) in [
        ("http response", 1),
        ("grossere", 1),
        ("CAFE facade", 1),
        ("time sheet", 2),
        ("export timesheets", 2),
        ("json csv", 3),
        ("转换", 3),
        ("config", 4),
        ("configuraton", 4),
    ] {
        let hits = index.search(&Query::new(question))?.hits;
        assert_eq!(hits.first().map(|hit| hit.workflow_sid.clone()), Some(sid(number)), "{question}");
    }
    Ok(())
}

#[test]
fn a_small_library_answers_a_long_question() -> Result {
    let translate = flow(1, "translate", "Translates a text into another language.");
    let question = Query::new("translate german to english");
    let alone = index(std::slice::from_ref(&translate))?;
    assert_eq!(alone.search(&question)?.hits.len(), 1);
    let others = (2..8).map(|number| flow(number, &format!("report_{number}"), "Writes a report."));
    let among_others: Vec<Document> = std::iter::once(translate).chain(others).collect();
    let hits = index(&among_others)?.search(&question)?.hits;
    assert_eq!(hits.into_iter().map(|hit| hit.workflow_sid).collect::<Vec<_>>(), [sid(1)]);
    Ok(())
}

#[test]
fn fit_decides_between_those_that_say_the_same() -> Result {
    let with = |number, inputs: Value, outputs: Value| Document {
        inputs: Json::from(&inputs),
        outputs: Json::from(&outputs),
        ..flow(number, "summarize", "A summary.")
    };
    let object = |members: Value| {
        let names: Vec<&String> =
            members.as_object().into_iter().flat_map(|members| members.keys()).collect();
        json!({"type": "object", "properties": members, "required": names})
    };
    let index = index(&[
        with(1, object(json!({"text": {"type": "string"}})), json!({"type": "string"})),
        with(2, object(json!({"link": {"type": "string"}})), object(json!({"summary": {"type": "string"}}))),
        with(3, object(json!({"pages": {"type": "array"}})), object(json!({"score": {"type": "number"}}))),
    ])?;
    let asked = |inputs: Value, outputs: Value| Query {
        inputs: Some(Json::from(&inputs)),
        outputs: Some(Json::from(&outputs)),
        ..Query::new("summarize")
    };
    for (query, number) in [
        (asked(json!({"text": "string"}), json!({})), 1),
        (asked(json!({"url": {"type": "string", "format": "uri"}}), json!({})), 2),
        (asked(json!({"page": {"type": "array"}}), Value::Null), 3),
        (asked(json!({}), json!({"score": "number"})), 3),
        (asked(json!({}), json!({"score": "integer"})), 3),
    ] {
        assert_eq!(index.search(&query)?.hits.remove(0).workflow_sid, sid(number), "{query:?}");
    }
    let nameless = Query { text: String::new(), ..asked(json!({}), json!({"summary": "string"})) };
    assert_eq!(
        index.search(&nameless)?.hits.remove(0).workflow_sid,
        sid(2),
        "without a text the names are asked for"
    );
    Ok(())
}

#[test]
fn all_tags_must_be_there() -> Result {
    let tagged = |number, tags: &[&str]| Document {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..flow(number, "send_mail", "Sends.")
    };
    let index = index(&[tagged(1, &["Mail", "daily"]), tagged(2, &["mail"]), tagged(3, &[])])?;
    for (tags, found) in [
        (vec![], vec![1, 2, 3]),
        (vec!["mail"], vec![1, 2]),
        (vec!["daily", "MAIL"], vec![1]),
        (vec!["none"], vec![]),
    ] {
        let query = Query {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            min_score: Some(0.0),
            ..Query::new("send mail")
        };
        let mut hits: Vec<WorkflowSid> =
            index.search(&query)?.hits.into_iter().map(|hit| hit.workflow_sid).collect();
        hits.sort();
        assert_eq!(hits, found.into_iter().map(sid).collect::<Vec<_>>(), "{tags:?}");
    }
    Ok(())
}

#[test]
fn nothing_is_returned_below_the_score_that_is_asked_for() -> Result {
    let index = index(&[flow(1, "translate", "Translates a text.")])?;
    let at = |min_score| Query {
        min_score: Some(min_score),
        ..Query::new("translate sumerian cuneiform tablets")
    };
    let score = index.search(&at(0.0))?.hits.remove(0).score;
    assert_eq!(index.search(&at(score))?.hits.len(), 1);
    let none = index.search(&at(score + 1e-6))?;
    assert_eq!((none.hits, none.nearest), (Vec::new(), Some(score)));
    assert_eq!(index.search(&at(score))?.nearest, None);
    assert!(index.search(&Query::new("translate sumerian cuneiform tablets"))?.hits.is_empty(), "{score}");
    assert_eq!(index.search(&Query::new("xyzzy"))?, Found::default());
    Ok(())
}

#[test]
fn those_alike_come_in_the_order_of_their_ids() -> Result {
    let alike = |number| flow(number, "send_mail", "Sends.");
    let (up, down) = (index(&[alike(1), alike(2), alike(3)])?, index(&[alike(3), alike(1), alike(2)])?);
    // What was replaced may still lie in memory.
    up.put(&alike(1))?;
    up.commit()?;
    for index in [up, down] {
        let hits = index.search(&Query::new("send mail"))?.hits;
        let found: Vec<WorkflowSid> = hits.into_iter().map(|hit| hit.workflow_sid).collect();
        assert_eq!(found, [sid(1), sid(2), sid(3)]);
    }
    Ok(())
}

#[test]
fn a_bad_question_is_refused_with_a_hint() -> Result {
    let index = index(&[flow(1, "send_mail", "Sends.")])?;
    let json = |value: Value| Some(Json::from(&value));
    let members: serde_json::Map<String, Value> =
        (0..40).map(|n| (format!("n{n}"), json!("string"))).collect();
    for (query, message) in [
        (Query::new(""), "the query is empty"),
        (Query::new(" \n\t "), "the query is empty"),
        (Query::new("?!…"), "the query has no word"),
        (Query::new(&"mail ".repeat(201)), "the query has 1005 characters"),
        (Query::new(&"a1 ".repeat(65)), "the query has 65 words"),
        (Query::new("PK\u{3}\u{4}\0\0"), "the query is no text: it has control characters"),
        (
            Query::new(&String::from_utf8_lossy(&[0x89, b'P', b'N', b'G', 0xff])),
            "the query is no text: it has control characters",
        ),
        (Query { limit: 0, ..Query::new("mail") }, "the limit is 0"),
        (Query { limit: LIMIT_MAX + 1, ..Query::new("mail") }, "the limit is 101"),
        (Query { min_score: Some(1.1), ..Query::new("mail") }, "min_score is 1.1"),
        (Query { min_score: Some(f64::NAN), ..Query::new("mail") }, "min_score is NaN"),
        (Query { inputs: json(json!([1])), ..Query::new("mail") }, "the inputs are no object"),
        (
            Query { outputs: json(json!({"a": 1})), ..Query::new("mail") },
            "\"a\" of the outputs is no JSON Schema and no type",
        ),
        (
            Query { inputs: json(json!({"a": {"type": ["null", "strng"]}})), ..Query::new("mail") },
            "\"a\" of the inputs has the type \"strng\", which there is none of",
        ),
        (
            Query { inputs: json(json!({"n": "integer"})), ..Query::new("") },
            "none of the names of inputs or outputs is a word that could be looked for",
        ),
        (Query { inputs: json(Value::Object(members)), ..Query::new("mail") }, "40 inputs are given"),
        (Query { tags: vec![String::new(); 40], ..Query::new("mail") }, "40 tags are asked for"),
    ] {
        let error = index.search(&query).expect_err(message);
        assert_eq!((error.code, error.message.as_str()), (ErrorCode::InvalidParams, message));
        assert!(error.hint.is_some(), "{message}");
    }
    Ok(())
}

#[test]
fn a_hostile_document_costs_no_more_than_its_limits() -> Result {
    let quotes = "\"\"\"".repeat(1 << 20);
    let words: String = (0..200_000).map(|number| format!("w{number}x ")).collect();
    let deep = "[".repeat(1 << 20);
    let binary = String::from_utf8_lossy(&vec![0xfe; 1 << 20]).into_owned();
    let documents: Vec<Document> = [quotes, words, deep, binary, "_".repeat(1 << 20), "aB".repeat(1 << 20)]
        .into_iter()
        .enumerate()
        .map(|(number, text)| Document {
            source: text.clone(),
            description: text.clone(),
            tags: vec![text; 100],
            ..flow(number, "hostile", "")
        })
        .collect();
    let index = index(&documents)?;
    let hits = index.search(&Query { min_score: Some(0.0), ..Query::new("hostile") })?.hits;
    assert_eq!(hits.len(), documents.len());
    Ok(())
}

#[test]
fn readers_go_on_while_one_writes() -> Result {
    let index = index(&[flow(0, "keep_me", "Always here.")])?;
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = || {
            let mut searches = 0;
            while !is_done.load(Ordering::Acquire) || searches == 0 {
                let hits = index.search(&Query::new("keep me"))?.hits;
                assert_eq!(
                    hits.first().map(|hit| hit.workflow_sid.clone()),
                    Some(sid(0)),
                    "it was there all the time"
                );
                searches += 1;
            }
            Ok::<_, Error>(())
        };
        let readers = [scope.spawn(reader), scope.spawn(reader)];
        let written = (1..100).try_for_each(|number| {
            index.put(&flow(number % 7 + 1, "other", "Comes and goes."))?;
            index.put(&flow(0, "keep_me", &format!("Always here, {number}.")))?;
            index.commit()
        });
        is_done.store(true, Ordering::Release);
        readers.into_iter().try_for_each(|reader| reader.join().expect("a reader does not panic"))?;
        written
    })
}

#[derive(Clone, Debug)]
enum Write {
    Put(usize, usize),
    Remove(usize),
    Commit,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let write = prop_oneof![
        4 => (0..6_usize, 0..40_usize).prop_map(|(number, name)| Write::Put(number, name)),
        2 => (0..6_usize).prop_map(Write::Remove),
        1 => Just(Write::Commit),
    ];
    vec(write, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// After any writes that name finds a document which is the document's last, and no other.
    #[test]
    fn what_is_found_is_what_was_put_last(writes in writes()) {
        let index = Index::new(Ingredients::ALL)?;
        let (mut put, mut seen) = (BTreeMap::new(), BTreeMap::new());
        for write in writes {
            match write {
                Write::Put(number, name) => {
                    index.put(&flow(number, &unique(name), ""))?;
                    put.insert(number, name);
                }
                Write::Remove(number) => {
                    index.remove(&sid(number));
                    put.remove(&number);
                }
                Write::Commit => {
                    index.commit()?;
                    seen = put.clone();
                }
            }
            prop_assert_eq!(index.len(), seen.len() as u64);
        }
        for name in 0..40 {
            let hits = index.search(&Query::new(&unique(name)))?.hits;
            let found: BTreeSet<WorkflowSid> = hits.into_iter().map(|hit| hit.workflow_sid).collect();
            let model = seen.iter().filter(|(_, known)| **known == name).map(|(number, _)| sid(*number)).collect();
            prop_assert_eq!(found, model);
        }
    }

    /// Whatever is asked: an answer, or an error that says what to do.
    #[test]
    fn any_text_may_be_asked(text in "\\PC{0,80}|[ -~\\x00-\\x1f]{0,80}") {
        let index = index(&[flow(1, "send_mail", "Sends a mail.")])?;
        match index.search(&Query { min_score: Some(0.0), ..Query::new(&text) }) {
            Ok(found) => prop_assert!(found.hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score) && !hit.why.is_empty())),
            Err(error) => prop_assert!(error.code == ErrorCode::InvalidParams && error.hint.is_some()),
        }
    }
}

/// A name that differs from each other by more than typing errors.
fn unique(name: usize) -> String {
    let syllables = ["bako", "ludi", "meso", "rafu", "tiny", "vexa", "zolp"];
    let syllable = |place: usize| syllables.into_iter().cycle().nth(place % 7).unwrap_or_default();
    format!("{}{}{}", syllable(name), syllable(name / 7), syllable(name + name / 7))
}

fn sid(number: usize) -> WorkflowSid {
    format!("wf_{number:026}").parse().expect("digits are of a ULID")
}

fn flow(number: usize, name: &str, description: &str) -> Document {
    let inputs =
        json!({"type": "object", "properties": {"directory": {"type": "string"}}, "required": ["directory"]});
    Document {
        workflow_sid: sid(number),
        name: name.to_owned(),
        description: description.to_owned(),
        tags: Vec::new(),
        inputs: Json::from(&inputs),
        outputs: Json::from(&json!({})),
        source: String::new(),
    }
}

fn index(documents: &[Document]) -> Result<Index> {
    let index = Index::new(Ingredients::ALL)?;
    documents.iter().try_for_each(|document| index.put(document))?;
    index.commit()?;
    Ok(index)
}
