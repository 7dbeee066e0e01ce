//! What must hold of whatever a flow or a caller hands in. `e2e/fuzz` looks for bytes of which it does not.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use hero_sdk::{
    Error, ErrorCode, Json, Timestamp,
    document::{Content, Document, FORMAT_VERSION, digest_of},
    fuzz::Target,
    logic::Cursor,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::{
    artifacts::{Limit, NotKept, find},
    beneath::Directory,
    play::{check_against, is_artifact_name},
    private,
    runtime::{links, paging::Paging},
    seal::Seal,
    search::fuzz::source,
    secrets::fuzz::redactor,
    transfer::{checked_play, checked_workflow},
};

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("payload", payload),
    ("artifact", artifact),
    ("cursor", cursor),
    ("redactor", redactor),
    ("source", source),
    ("document", document),
];

/// A schema on one line and a value behind it. Whatever they are, the errors are few and short, and name places of the
/// value; what fits, fits again.
fn payload(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((schema, value)) = text.split_once('\n') else { return };
    let (Ok(schema), Ok(value)) = (Json::parse(schema), Json::parse(value)) else { return };
    let errors = check_against(&schema, &value);
    assert!(errors.len() <= 20);
    let parsed = value.to::<Value>();
    for error in &errors {
        assert!(!error.message.is_empty() && error.message.chars().count() <= 400, "{}", error.message);
        // What is missing or unknown is named itself; what holds it is there.
        let above = error.pointer.rsplit_once('/').map_or("", |(above, _)| above);
        assert!(parsed.as_ref().is_ok_and(|value| value.pointer(above).is_some()) || above.is_empty());
    }
    assert_eq!(check_against(&schema, &value), errors);
}

/// A name and, behind a line end, a path in the working directory. Only what lies there is opened, and no name is taken
/// that could be a path of its own.
fn artifact(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((name, path)) = text.split_once('\n') else { return };
    if is_artifact_name(name) {
        assert!(
            Path::new(name).components().count() == 1 && Path::new(name).file_name().is_some(),
            "{name:?}"
        );
        assert!(!name.chars().any(char::is_control) && name.chars().count() <= 200, "{name:?}");
    }
    let limit = Limit { bytes: 100, beyond: NotKept::new("too_large", "it has more than 100 bytes") };
    let work = Directory::open(&WORK).expect("the directory is there");
    match find(&work, path, &limit) {
        Ok(mut file) => {
            let mut content = String::new();
            file.read_to_string(&mut content).expect("the file is read");
            assert!(content.starts_with("inside") && content.len() <= 100, "{path:?} gave {content:?}");
            assert_eq!(fs::read_to_string(WORK.join(path)).ok(), Some(content));
        }
        Err(NotKept { code, message }) => {
            let codes =
                ["outside", "not_found", "link", "not_a_file", "linked", "too_large", "failed", "foreign"];
            assert!(codes.contains(&code) && !message.is_empty(), "{code}: {message}");
        }
    }
}

/// A working directory with what may be kept, and with ways out of it.
static WORK: LazyLock<PathBuf> = LazyLock::new(|| {
    let stage = temporary();
    let work = stage.join("work");
    let made = (|| {
        fs::create_dir_all(work.join("in/deep"))?;
        for (path, text) in
            [("work/a", "inside a"), ("work/in/b", "inside b"), ("work/in/deep/ü c", "inside c")]
        {
            fs::write(stage.join(path), text)?;
        }
        fs::write(stage.join("work/large"), [b'x'; 101])?;
        fs::write(stage.join("secret"), "outside")?;
        fs::hard_link(stage.join("secret"), work.join("hard"))?;
        symlink("../secret", work.join("link"))?;
        symlink("..", work.join("up"))?;
        symlink("/", work.join("in/root"))?;
        symlink("in", work.join("here"))?;
        mknodat(CWD, work.join("pipe"), FileType::Fifo, Mode::RWXU, 0)?;
        std::io::Result::Ok(())
    })();
    made.expect("the directory can be made");
    work
});

/// A letter for the list, and a cursor; or a letter for a link, and its token. None is taken but the very text that this
/// home has given out, for that list or that question.
fn cursor(data: &[u8]) {
    let Some((letter, Ok(text))) = data.split_first().map(|(first, rest)| (first, std::str::from_utf8(rest)))
    else {
        return;
    };
    let [own, other] = &*SEALS;
    if *letter == b'l' {
        if let Some(resume_id) = links::named(text, own).expect("the key is there") {
            assert_eq!(links::token(&resume_id, own).expect("the key is there"), text);
            assert!(links::named(text, other).expect("the key is there").is_none(), "it is of one home");
        }
        return;
    }
    let lists = ["plays", "resumes", "workflows"];
    let list = lists.into_iter().find(|list| list.bytes().next() == Some(*letter)).unwrap_or("plays");
    let cursor = Cursor(text.to_owned());
    let of = |list, seal| Paging::of(list, None, Some(&cursor), seal);
    match of(list, own) {
        Ok(paging) => {
            let after = paging.after.as_deref().expect("a cursor says behind what");
            assert_eq!(paging.cursor(after).expect("the key is there"), cursor);
            let elsewhere =
                lists.into_iter().filter(|other| *other != list).any(|list| of(list, own).is_ok());
            assert!(!elsewhere && of(list, other).is_err(), "it is of one list of one home");
        }
        Err(error) => {
            assert_eq!(error.code, ErrorCode::InvalidParams);
            assert!(error.message.len() < 1_000 && error.hint.is_some(), "{}", error.message);
        }
    }
}

/// A letter for the kind of document, and its content, to which the right digest is made; or a whole document. What is
/// taken is written so that it is taken as the same again.
fn document(data: &[u8]) {
    let Some((letter, Ok(text))) = data.split_first().map(|(first, rest)| (first, std::str::from_utf8(rest)))
    else {
        return;
    };
    let Ok(json) = Json::parse(text) else { return };
    match letter {
        b'p' => of_content(&json, checked_play),
        b'w' => of_content(&json, checked_workflow),
        _ => {
            judge(&json, checked_play);
            judge(&json, checked_workflow);
        }
    }
}

fn of_content<C: Content>(content: &Json, checked: fn(&Json) -> Result<C, Error>) {
    let Ok(digest) = digest_of(content) else { return };
    let (format, content) = (C::FORMAT, content.as_str());
    let text = format!(
        r#"{{"format":"{format}","format_version":{FORMAT_VERSION},"exported_at":"2025-11-23T20:33:20Z","hero_logic":"1","content":{content},"digest":"{digest}"}}"#
    );
    judge(&Json::parse(&text).expect("its content is JSON"), checked);
}

fn judge<C: Content>(document: &Json, checked: fn(&Json) -> Result<C, Error>) {
    match checked(document) {
        Ok(content) => {
            let digest = digest_of(&content).expect("the model is JSON");
            let document = Document::of(content, Timestamp(0)).expect("it is no larger than it was");
            let again = checked(&Json::of(&document).expect("the model is JSON"));
            let again = again.expect("what was taken is taken again");
            assert_eq!(digest_of(&again).expect("the model is JSON"), digest);
        }
        Err(error) => {
            assert!([ErrorCode::ImportInvalid, ErrorCode::ImportNewer].contains(&error.code), "{error}");
            assert!(error.hint.is_some() && error.message.len() < 100_000, "{}", error.message);
        }
    }
}

/// Of two homes, with keys that do not change, so that cursors of the first can be among the kept inputs.
static SEALS: LazyLock<[Seal; 2]> = LazyLock::new(|| {
    ["one", "other"].map(|home| {
        let file = temporary().join(home).join("key");
        let byte = home.len().try_into().unwrap_or(0);
        private::write(&file, &[byte; private::RANDOM_BYTES]).expect("the key can be written");
        Seal::new(file)
    })
});

/// A directory of this process.
fn temporary() -> PathBuf {
    std::env::temp_dir().join(format!("hero_fuzz.{}", std::process::id()))
}
