//! Values in every form, at every place, split in every way: none is kept, and what a flow gets back is what it said.

mod programs;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
    path::PathBuf,
    sync::Arc,
};

use hero_sdk::{
    Json, SecretName, SecretValue, Timestamp,
    frame::{Begin, Blob, Done, DoneStatus, End, EndStatus, Log, Pause, Up},
    model::{LogLevel, LogStream, PlayError, SpanKind},
};
use proptest::prelude::*;
use rustix::{
    fs::{CWD, FileType, Mode, Uid, chown, mknodat},
    process::geteuid,
};
use sha2::{Digest as _, Sha256};

use super::{
    Changed, InPath, Redactor, Salt, Screen, clean, declared,
    files::{Lost, clean_output},
    forms::forms,
    is_rewritten,
    joined::{Joined, Space},
    large_value,
};
use crate::{artifacts::hex, beneath::Directory, paths::Paths, play::Now};

fn values(values: &[(&str, &str)]) -> BTreeMap<SecretName, SecretValue> {
    let value = |text: &str| SecretValue::try_from(text.to_owned()).unwrap();
    values.iter().map(|(name, text)| (name.parse().unwrap(), value(text))).collect()
}

fn redactor_of(of: &[(&str, &str)], source: &str) -> Redactor {
    Redactor::new(&values(of), &Salt([7; Salt::BYTES]), source)
}

fn redactor(value: &str) -> Redactor {
    redactor_of(&[("KEY", value)], "")
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// Whether any form of the value stands in a text whose lines are joined.
fn leaks(value: &str, text: &str) -> Option<String> {
    let joined =
        [Space::Dropped, Space::Kept].map(|space| Joined::of(text.as_bytes(), space).bytes.into_owned());
    let joined = String::from_utf8(joined.join(&b'\0')).unwrap();
    let whole = forms(value).into_iter().filter(|form| !form.name.starts_with("line-"));
    whole.map(|form| form.text).find(|form| joined.contains(form.as_str()))
}

#[test]
fn options_say_which_secrets_a_version_has() {
    let names =
        |options: &str| -> Vec<String> { declared(&json(options)).iter().map(ToString::to_string).collect() };
    assert_eq!(names(r#"{"retries":1,"secrets":["B","A"]}"#), ["A", "B"]);
    assert!(names("{}").is_empty() && names(r#"{"secrets":null}"#).is_empty());
}

#[test]
fn a_text_names_the_secret_in_the_place_of_its_value() {
    let redactor = redactor_of(&[("A", "hunter2!"), ("B", "hunter2!-long")], "");
    for (text, expected) in [
        ("nothing", "nothing"),
        ("", ""),
        ("hunter2!hunter2!", "[secret A][secret A]"),
        ("x hunter2!-long y", "x [secret B] y"),
        ("hunter2!-lon", "[secret A]-lon"),
        ("aHVudGVyMiE=", "[secret A]"),
        ("user:hunter2! dXNlcjpodW50ZXIyIQ==", "user:[secret A] dXNlcjp[secret A]Q=="),
        ("68756e7465723221", "[secret A]"),
        ("hunter2%21", "[secret A]"),
        ("hun\nter2!", "[secret A]\n[secret A]"),
        ("a hun  \n\t ter2! b", "a [secret A]  \n\t [secret A] b"),
        ("hun ter2!", "hun ter2!"),
        // A text that was cut may end within a value.
        ("{\"key\": \"hunter2!-lo…\"}", "{\"key\": \"[secret B]…\"}"),
        ("{\"key\": \"hunter…\"}", "{\"key\": \"[secret B]…\"}"),
        ("hu…", "hu…"),
    ] {
        assert_eq!(redactor.text(text), expected, "{text:?}");
    }
}

#[test]
fn json_keeps_its_form() {
    let redactor = redactor("12345678");
    let shown = redactor.shown(&json(r#"{"12345678":[12345678,123456789,"12345678",1.12345678]}"#));
    assert_eq!(shown.as_str(), r#"{"[secret KEY]":["[secret KEY]",123456789,"[secret KEY]",1.12345678]}"#);
    let given = json(r#"{"pin":12345678,"pins":[12345678,"12345678"]}"#);
    let kept = redactor.kept(&given);
    assert!(!kept.as_str().contains("12345678"), "{kept}");
    assert_eq!(redactor.reveal(kept.as_str()).unwrap(), given.as_str());
}

#[test]
fn an_escape_is_not_torn_apart() {
    for (value, text) in [
        ("nabc", r#""a\nabc""#),
        ("u00e9", r#""\\u00e9""#),
        ("abcd\\", r#""abcd\\n""#),
        ("d834", r#""\ud834""#),
        ("\"\"\"\"", r#""\"\"\"\"\\""#),
    ] {
        let redactor = redactor(value);
        let kept = redactor.kept(&json(text));
        let same = |one: &str, other: &str| {
            assert_eq!(serde_json::from_str::<serde_json::Value>(one).ok(), serde_json::from_str(other).ok());
        };
        same(&redactor.reveal(kept.as_str()).unwrap(), text);
    }
}

#[test]
fn what_only_looks_like_a_mark_is_no_mark() {
    let redactor = redactor("hunter2!");
    let mark = redactor.kept(&json(r#""hunter2!""#));
    // The text of a mark, as a flow could know it from its own record, plain, escaped and with an escaped backslash.
    let inside = mark.as_str().trim_matches('"');
    let plain = inside.replace("\\u005b", "[");
    for text in [&plain, inside, &format!("\\\\{inside}"), &inside.replace("\\u005b", "\\u005B")] {
        let given = json(&format!("{{\"{text}\":\"{text} hunter2!\"}}"));
        let kept = redactor.kept(&given);
        let revealed = redactor.reveal(kept.as_str()).unwrap();
        let meaning = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(meaning(&revealed), meaning(given.as_str()), "{text}");
        assert!(!kept.as_str().contains("hunter2!"));
    }
}

#[test]
fn another_value_is_noticed() {
    let kept = redactor("hunter2!").kept(&json(r#"["Bearer hunter2!"]"#));
    assert_eq!(redactor("hunter2!").reveal(kept.as_str()).unwrap(), r#"["Bearer hunter2!"]"#);
    assert_eq!(redactor("hunter3!").reveal(kept.as_str()), Err(Changed("KEY".to_owned())));
    let others = redactor_of(&[("OTHER", "hunter2!")], "");
    assert_eq!(others.reveal(kept.as_str()), Err(Changed("KEY".to_owned())));
    assert_eq!(redactor("hunter3!").reveal("[1]").unwrap(), "[1]");
}

#[test]
fn the_longest_value_takes_no_more_than_a_moment() {
    let value: String =
        (0..65_536u32).map(|number| char::from(b'a' + (number * number % 23) as u8)).collect();
    let redactor = redactor(&value);
    let given = Json::of(&format!("-{value}-")).unwrap();
    assert_eq!(redactor.shown(&given).as_str(), "\"-[secret KEY]-\"");
    assert_eq!(redactor.reveal(redactor.kept(&given).as_str()).unwrap(), given.as_str());
}

// --- frames

fn at(us: u64) -> Now {
    Now { wall: Timestamp(us as i64), monotonic_us: us }
}

fn line(id: u64, stream: LogStream, text: &str) -> Log {
    Log { id, level: LogLevel::Info, stream, text: text.to_owned() }
}

fn screen(value: &str) -> Screen {
    Screen::new(Arc::new(redactor(value)))
}

fn texts(frames: Vec<(Up, Now)>) -> Vec<String> {
    let text = |(frame, _)| match frame {
        Up::Log(line) => Some(line.text),
        _ => None,
    };
    frames.into_iter().filter_map(text).collect()
}

#[test]
fn a_line_waits_for_the_next_while_it_may_be_the_beginning_of_a_value() {
    let mut screen = screen("hunter2!");
    let mut say =
        |id, stream, text: &str| texts(screen.admit(Up::Log(line(id, stream, text)), at(0)).unwrap());
    let out = LogStream::Stdout;
    assert_eq!(say(1, out, "plain"), ["plain"]);
    assert_eq!(say(1, out, "key: hunt"), [""; 0]);
    // Another stream, and another node, are no continuation.
    assert_eq!(say(1, LogStream::Stderr, "er2!"), ["er2!"]);
    assert_eq!(say(2, out, "er2!"), ["er2!"]);
    assert_eq!(say(1, out, "er2! and more"), ["key: [secret KEY]", "[secret KEY] and more"]);
    assert_eq!(say(1, out, "hunt"), [""; 0]);
    assert_eq!(say(1, out, "ing season"), ["hunt", "ing season"]);
    // Several lines, and a value that ends where the next may begin.
    assert_eq!(say(1, out, "a hun"), [""; 0]);
    assert_eq!(say(1, out, "ter"), [""; 0]);
    assert_eq!(say(1, out, "2!hunter"), ["a [secret KEY]", "[secret KEY]"]);
    assert_eq!(say(1, out, "2! b"), ["[secret KEY][secret KEY]", "[secret KEY] b"]);
    // Too little to wait for, but not forgotten.
    assert_eq!(say(1, out, "the h"), ["the h"]);
    assert_eq!(say(1, out, "unter2! b"), ["[secret KEY] b"]);
    assert_eq!(say(1, out, "the h"), ["the h"]);
    assert_eq!(say(1, out, "unt"), [""; 0]);
    assert_eq!(say(1, out, "er2"), [""; 0]);
    assert_eq!(say(1, out, "!"), ["[secret KEY]", "[secret KEY]", "[secret KEY]"]);
}

#[test]
fn a_line_waits_for_a_second_and_goes_before_the_end_of_its_node() {
    let mut screen = screen("hunter2!");
    let say = |screen: &mut Screen, text: &str, us| {
        texts(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(us)).unwrap())
    };
    assert!(say(&mut screen, "hunter", 5).is_empty() && screen.holds());
    assert!(screen.overdue(at(1_000_004)).is_empty());
    let overdue = screen.overdue(at(1_000_005));
    // It keeps the moment at which it came.
    assert_eq!(overdue, [(line(1, LogStream::Stdout, "hunter"), at(5))]);
    assert!(!screen.holds());
    // What goes on with it is found all the same.
    assert_eq!(say(&mut screen, "2! b", 2_000_000), ["[secret KEY] b"]);

    let end = |id| {
        let status = EndStatus::Ok;
        Up::End(End {
            id,
            status,
            value: None,
            blob: None,
            preview: None,
            error: None,
            loop_time: None,
            n: None,
        })
    };
    say(&mut screen, "hunter", 0);
    assert_eq!(screen.admit(end(2), at(1)).unwrap().len(), 1);
    let frames = screen.admit(end(1), at(1)).unwrap();
    assert!(matches!(&frames[..], [(Up::Log(_), _), (Up::End(_), _)]), "{frames:?}");

    say(&mut screen, "hunter", 0);
    let done = Done { status: DoneStatus::Failed, outputs: None, blob: None, error: None, n: 1 };
    let frames = screen.admit(Up::Done(done), at(1)).unwrap();
    assert!(matches!(&frames[..], [(Up::Log(_), _), (Up::Done(_), _)]), "{frames:?}");
}

/// Where a program goes on in the next line, a backslash stands; here it belongs to the value.
#[test]
fn a_value_that_is_parted_after_a_backslash_and_ends_as_it_begins() {
    let mut screen = screen("😀%\\😀😀");
    let mut told = Vec::new();
    for text in ["😀%\\", "😀😀", "end"] {
        told.extend(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(0)).unwrap());
    }
    assert_eq!(texts(told), ["[secret KEY]", "[secret KEY]", "end"]);
}

#[test]
fn few_lines_wait_however_many_nodes_there_are() {
    let mut screen = screen("hunter2!");
    let mut told = 0;
    for id in 1..=1_000 {
        told += screen.admit(Up::Log(line(id, LogStream::Stdout, "hunter")), at(0)).unwrap().len();
    }
    assert_eq!((told, screen.release().len()), (1_000 - 64, 64));
}

#[test]
fn every_field_of_every_frame_is_looked_through() {
    let value = "hunter2!";
    let told = |frame: Up| {
        let frames = screen(value).admit(frame, at(0)).unwrap();
        let text = format!("{frames:?}");
        assert!(!text.contains("hunter") && text.contains("secret KEY"), "{text}");
    };
    let fields = |value: &str| {
        let value = json(&format!("\"{value}\""));
        BTreeMap::from([(value.to_string(), value.clone()), ("plain".to_owned(), value)])
    };
    let error = || {
        let text = || Some(format!("because of {value}"));
        PlayError {
            code: value.to_owned(),
            kind: text(),
            message: value.to_owned(),
            traceback: text(),
            path: text(),
            expected: text(),
            actual: text(),
            location: text(),
            hint: text(),
        }
    };
    told(Up::Begin(Begin {
        id: 1,
        parent: 0,
        path: "main#0".into(),
        kind: SpanKind::Flow,
        name: value.into(),
        fp: None,
        line: None,
        inputs: Some(value.into()),
        tags: fields(value),
        attempt_try: None,
        recorded: true,
        n: None,
    }));
    told(Up::End(End {
        id: 1,
        status: EndStatus::Failed,
        value: Some(json(&format!("[\"{value}\"]"))),
        blob: None,
        preview: Some(value.into()),
        error: Some(error()),
        loop_time: None,
        n: None,
    }));
    told(Up::Pause(Pause {
        id: 1,
        parent: 0,
        path: "main#0/ask#0".into(),
        name: value.into(),
        fp: "0123456789abcdef".into(),
        line: None,
        question: Some(value.into()),
        schema: Some(json(&format!("{{\"enum\":[\"{value}\"]}}"))),
        ui: Some(json(&format!("[\"{value}\"]"))),
        timeout_ms: None,
        default: Some(json(&format!("\"{value}\""))),
        n: 1,
    }));
    for text in [
        r#"{"t":"try","id":1,"try":2,"error":{"code":"exception","message":"hunter2!"},"n":1}"#,
        r#"{"t":"record","path":"main#0/now#0","kind":"value","value":"hunter2!"}"#,
        r#"{"t":"tag","id":1,"tags":{"hunter2!":"hunter2!"}}"#,
        r#"{"t":"log","id":1,"level":"info","stream":"log","text":"hunter2!"}"#,
        r#"{"t":"artifact","id":1,"name":"hunter2!","path":"a","media_type":"x/hunter2!","n":1}"#,
        r#"{"t":"notice","code":"hunter2!","text":"hunter2!","paths":["main#0/hunter2!"]}"#,
        r#"{"t":"done","status":"failed","error":{"code":"exception","message":"hunter2!"},"n":1}"#,
    ] {
        told(Up::parse(text).unwrap());
    }
}

#[test]
fn a_file_is_found_where_its_path_says_whatever_stands_in_it() {
    let text = r#"{"t":"artifact","id":1,"name":"x","path":"out/hunter2!","media_type":"a/b","n":1}"#;
    let put = Up::parse(text).unwrap();
    assert_eq!(screen("hunter2!").admit(put.clone(), at(0)), Ok(vec![(put, at(0))]));
}

#[test]
fn a_path_with_a_value_is_refused_unless_the_source_has_it() {
    let begin = |path: &str| {
        let text = format!(r#"{{"t":"record","path":{path:?},"kind":"value","value":1}}"#);
        Up::parse(&text).unwrap()
    };
    let path = r##"main#0/get["a%2Fb c%23"]"##;
    let source = |source| Screen::new(Arc::new(redactor_of(&[("KEY", "a/b c#")], source)));
    assert_eq!(source("").admit(begin(path), at(0)), Err(InPath("KEY".to_owned())));
    assert!(source("KEY = 'a/b c#'").admit(begin(path), at(0)).is_ok());
    assert!(source("").admit(begin("main#0/get[1]"), at(0)).is_ok());
}

// --- files

/// A play's directory with a large value in it.
struct Play {
    directory: tempfile::TempDir,
    text: String,
    blob: Blob,
}

impl Play {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(Paths::BLOBS)).unwrap();
        let text = Json::of(&vec!["hunter2!"; 1000]).unwrap().to_string();
        let digest = hex(Sha256::new_with_prefix(&text));
        let blob = Blob { digest, size: text.len() as u64 };
        let play = Self { directory, text, blob };
        fs::write(play.file(), &play.text).unwrap();
        play
    }

    fn output(&self) -> PathBuf {
        self.directory.path().join(Paths::OUTPUT)
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join(Paths::BLOBS).join(&self.blob.digest)
    }

    fn home(&self) -> Directory {
        Directory::open(self.directory.path()).unwrap()
    }

    fn blobs(&self) -> Directory {
        self.home().directory(Paths::BLOBS).unwrap()
    }

    fn value(&self, redactor: &Redactor) -> Result<String, Lost> {
        large_value(&self.blobs(), &self.blob, redactor)
    }
}

#[test]
fn a_large_value_is_rewritten_and_given_back() {
    let play = Play::new();
    for round in 0..3 {
        assert_eq!(play.value(&redactor("hunter2!")).unwrap(), play.text, "round {round}");
        assert!(is_rewritten(&play.blobs(), &play.blob));
        assert!(!fs::read_to_string(play.file()).unwrap().contains("hunter2!"));
    }
    assert!(play.value(&redactor("hunter3!")).unwrap_err().to_string().contains("KEY"));
    fs::write(play.file(), "[]").unwrap();
    assert!(matches!(play.value(&redactor("hunter2!")), Err(Lost::Unfit)));
    // One that holds nothing stays as it is.
    fs::write(play.file(), &play.text).unwrap();
    assert_eq!(play.value(&redactor("other value")).unwrap(), play.text);
    assert!(!is_rewritten(&play.blobs(), &play.blob));
}

#[test]
fn raw_output_is_cleaned_also_where_parts_of_it_meet() {
    let directory = tempfile::tempdir().unwrap();
    let (output, home) = (directory.path().join(Paths::OUTPUT), Directory::open(directory.path()).unwrap());
    let redactor = redactor("hunter2!");
    clean(&home, &redactor).unwrap();
    assert!(!output.exists());
    // Over several parts and at every distance from where they meet; not all of it is UTF-8.
    for shift in 0..300 {
        let mut text = vec![b'.'; shift];
        for _ in 0..4 {
            text.extend(b"\xffhunt\n  er2!\xfe-------------------");
        }
        fs::write(&output, &text).unwrap();
        clean_output(&home, &redactor, 100).unwrap();
        let mut expected = vec![b'.'; shift];
        for _ in 0..4 {
            expected.extend(b"\xff[secret KEY]\n  [secret KEY]\xfe-------------------");
        }
        assert_eq!(fs::read(&output).unwrap(), expected, "{shift}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn what_a_kill_has_left_is_cleaned_and_no_value_of_the_play_is_lost() {
    let play = Play::new();
    fs::write(play.file().with_extension("4711.abcd"), "\"hunter").unwrap();
    fs::write(play.file().with_extension("draft"), "[\"hunter2!").unwrap();
    clean(&play.home(), &redactor("hunter2!")).unwrap();
    assert_eq!(fs::read_dir(play.directory.path().join(Paths::BLOBS)).unwrap().count(), 1);
    assert!(is_rewritten(&play.blobs(), &play.blob));
    // While the secret has another value, too: it may be set back.
    clean(&play.home(), &redactor("hunter3!")).unwrap();
    assert_eq!(play.value(&redactor("hunter2!")).unwrap(), play.text);
}

/// A process of the play may have put anything there, and the next one must be able to go on with what it finds.
#[test]
fn files_keep_their_owner_and_nothing_is_followed_or_waited_for() {
    let play = Play::new();
    let redactor = redactor("hunter2!");
    fs::write(play.output(), "hunter2!").unwrap();
    let owner = if geteuid().is_root() { Uid::from_raw(12345) } else { geteuid() };
    for path in [play.directory.path(), &play.output(), play.file().parent().unwrap(), &play.file()] {
        chown(path, Some(owner), None).unwrap();
    }
    clean(&play.home(), &redactor).unwrap();
    assert_eq!(fs::read_to_string(play.output()).unwrap(), "[secret KEY]");
    for path in [play.output(), play.file()] {
        let known = fs::metadata(path).unwrap();
        assert_eq!((known.uid(), known.mode() & 0o777), (owner.as_raw(), 0o600));
    }
    assert!(is_rewritten(&play.blobs(), &play.blob));

    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::write(&elsewhere, "hunter2!").unwrap();
    // A further name of a file is replaced, not the file; what lies where a draft goes is not written to.
    fs::remove_file(play.output()).unwrap();
    fs::hard_link(&elsewhere, play.output()).unwrap();
    symlink(&elsewhere, play.output().with_extension("draft")).unwrap();
    clean(&play.home(), &redactor).unwrap();
    assert_eq!(fs::read_to_string(play.output()).unwrap(), "[secret KEY]");

    for is_pipe in [true, false] {
        for path in [play.output(), play.file()] {
            fs::remove_file(&path).unwrap();
            if is_pipe {
                mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
            } else {
                symlink(&elsewhere, &path).unwrap();
            }
        }
        assert!(matches!(clean(&play.home(), &redactor), Err(Lost::Closed(_))));
        assert!(matches!(play.value(&redactor), Err(Lost::Closed(_))));
        fs::remove_file(play.output()).unwrap();
        clean(&play.home(), &redactor).unwrap();
        fs::write(play.output(), "").unwrap();
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "hunter2!");
}

// --- any value, any place

/// Values of people and of machines.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{4,24}",
        "[A-Za-z0-9+/=_-]{8,80}",
        "[a-c\"'\\\\\n /%é😀]{4,20}",
        "([A-Za-z0-9+/]{8,20}\n){2,6}",
    ]
    .prop_filter("a value has four characters", |value| SecretValue::try_from(value.clone()).is_ok())
}

/// Text that neither belongs to a form nor is white space.
fn around() -> impl Strategy<Value = String> {
    "[|¦‖]{0,6}"
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_form_of_any_value_is_kept(value in any_value(), before in around(), after in around(), pick: prop::sample::Index) {
        let mut all = forms(&value);
        // The text is put into JSON here: one level more, for which it is looked for as well.
        let texts: BTreeSet<String> = all.iter().map(|form| form.text.clone()).collect();
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        all.retain(|form| texts.iter().any(|text| format!("\"{text}\"") == quoted(&form.text)));
        let form = &all[pick.index(all.len())];
        let redactor = redactor(&value);
        let text = format!("{before}{}{after}", form.text);
        prop_assert_eq!(redactor.text(&text), format!("{before}[secret KEY]{after}"), "{}", form.name);
        let given = Json::of(&text).unwrap();
        let kept = redactor.kept(&given);
        prop_assert_eq!(redactor.reveal(kept.as_str()).unwrap(), given.as_str());
        let plain: String = kept.to().unwrap();
        prop_assert_eq!(leaks(&value, &plain), None, "{}", plain);
    }

    #[test]
    fn a_flow_gets_back_what_it_said(
        value in any_value(),
        parts in prop::collection::vec(prop_oneof![Just(None), "[ -~]{0,8}".prop_map(Some), "\\PC{0,8}".prop_map(Some)], 0..8),
        wraps in 0usize..12,
    ) {
        let redactor = redactor(&value);
        let mut texts: Vec<String> = Vec::new();
        for part in parts {
            match part {
                Some(part) => texts.push(part),
                None if wraps < 4 => texts.push(value.clone()),
                // Wrapped, as base64 and certificates are.
                None => texts.push(value.chars().collect::<Vec<_>>().chunks(wraps).map(String::from_iter).collect::<Vec<_>>().join("\n")),
            }
        }
        let given = Json::of(&BTreeMap::from([(texts.concat(), texts)])).unwrap();
        let kept = redactor.kept(&given);
        prop_assert_eq!(redactor.reveal(kept.as_str()).unwrap(), given.as_str());
        // It is the same JSON, and nothing is found in it any more.
        prop_assert_eq!(redactor.kept(&json(&kept.to_string().replace("\\u005b", "["))).to_string().matches("\\u005bsecret").count(), 0);
        let shown: BTreeMap<String, Vec<String>> = redactor.shown(&given).to().unwrap();
        for text in shown.values().flatten().chain(shown.keys()) {
            prop_assert_eq!(leaks(&value, text), None, "{}", text);
        }
    }

    #[test]
    fn a_value_that_is_split_over_lines_is_not_kept(
        value in any_value().prop_filter("of one line", |value| !value.contains('\n')),
        base64: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        before in around(),
        after in around(),
        spaces in prop::collection::vec("[ \t\r]{0,2}", 4),
        noise in prop::collection::vec((0usize..5, 2u64..4, "[|¦ ]{0,5}"), 0..6),
    ) {
        let value = value.trim().to_owned();
        let name = if base64 { "base64-padded" } else { "" };
        let form = forms(&value).into_iter().find(|form| form.name == name).unwrap().text;
        let characters: Vec<char> = form.chars().collect();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| 1 + cut.index(characters.len() - 1)).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut lines = vec![String::from_iter(&characters[..ends[0]])];
        lines.extend(ends.windows(2).map(|pair| String::from_iter(&characters[pair[0]..pair[1]])));
        lines.push(String::from_iter(&characters[ends[ends.len() - 1]..]));
        lines[0].insert_str(0, &before);
        let last = lines.len() - 1;
        lines[last].push_str(&after);
        // White space of the value's own and of the line's cannot be told apart, nor a backslash that breaks a line.
        if !form.contains([' ', '\\']) {
            lines.iter_mut().take(last).zip(&spaces).for_each(|(line, space)| line.push_str(space));
        }

        let mut screen = screen(&value);
        let mut told = Vec::new();
        let mut noises = 0;
        for (number, text) in lines.iter().enumerate() {
            told.extend(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(0)).unwrap());
            for (_, id, text) in noise.iter().filter(|(place, _, _)| *place == number) {
                told.extend(screen.admit(Up::Log(line(*id, LogStream::Stdout, text)), at(0)).unwrap());
                noises += 1;
            }
        }
        told.extend(screen.release().into_iter().map(|(line, at)| (Up::Log(line), at)));
        prop_assert_eq!(told.len(), lines.len() + noises);
        let of_one: Vec<_> = told.into_iter().filter(|(frame, _)| matches!(frame, Up::Log(line) if line.id == 1)).collect();
        let kept = texts(of_one).join("\n");
        prop_assert_eq!(leaks(&value, &kept), None, "{}", kept);
        prop_assert!(kept.starts_with(&before) && kept.ends_with(&after), "{}", kept);
        // Of a value no more than a beginning of two bytes is left, which stood alone on its line.
        let left: String = kept.replace("[secret KEY]", "").split_whitespace().collect();
        prop_assert!(left.len() < before.len() + 3 + after.len(), "{}", kept);
        prop_assert_eq!(kept.lines().count(), lines.join("\n").lines().count());
    }
}
