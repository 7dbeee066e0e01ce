//! Values in every form, at every place, split in every way: none is kept, and what a flow gets back is what it said.

mod files;
mod frames;
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
        // The backslash of the value is no half of what escapes the quote behind a line.
        (r"n nnn\", r#""n nnn\\n\"x""#),
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
