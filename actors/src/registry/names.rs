//! What workflows, their labels and their examples may be called. People tell them apart by looking at them.

use hero_sdk::{Error, ErrorCode, FieldError, WorkflowSid};

/// Characters of a name, and of a label.
pub(super) const NAME_CHARS_MAX: usize = 100;

/// Characters of a description. It stands in lists.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 2_000;

/// Labels of a workflow.
const TAGS_MAX: usize = 64;

/// What fits, for hints.
const FITS: &str = "1 to 100 characters, none that cannot be seen, no white space at its ends";

/// Refuses what no workflow may be called.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if is_seen(name) && name.parse::<WorkflowSid>().is_err() && !names_version(name) {
        return Ok(());
    }
    Err(wrong("/name", format!("{:?} is no name of a workflow", shown(name)))
        .hint(format!("a name has {FITS}; it is no id and does not end with a version, as `trip@3` does")))
}

/// The workflow and the number of its version in a name such as `trip@3`.
pub(crate) fn named_version(name: &str) -> Option<(&str, u32)> {
    let (workflow, text) = name.rsplit_once('@')?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some((workflow, number))
}

/// Whether a flow calls a version of a workflow so: whoever could have such a name could take its place.
fn names_version(name: &str) -> bool {
    name.rsplit_once('@')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit()))
}

/// Refuses what no example may be called.
pub(crate) fn check_example_name(name: &str) -> Result<(), Error> {
    if is_seen(name) {
        return Ok(());
    }
    let message = format!("{:?} is no name of an example", shown(name));
    Err(wrong("/name", message).hint(format!("a name has {FITS}")))
}

/// Refuses a description that is too long for lists.
pub(crate) fn check_description(description: &str) -> Result<(), Error> {
    let hint = "say it in a sentence; the docstring has room for more";
    check_length("description", description, DESCRIPTION_CHARS_MAX, hint)
}

/// Refuses a note that is too long for lists.
pub(crate) fn check_note(note: &str) -> Result<(), Error> {
    check_length("note", note, NOTE_CHARS_MAX, "say it in a sentence or two")
}

fn check_length(what: &str, text: &str, chars_max: usize, hint: &str) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars <= chars_max {
        return Ok(());
    }
    let message = format!("a {what} of {chars} characters is longer than {chars_max}");
    Err(wrong(&format!("/{what}"), message).hint(hint))
}

/// Refuses what no label may be, one that is there twice, and more than a person could look through.
pub(crate) fn check_tags(tags: &[String]) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        let message = format!("{} labels are more than {TAGS_MAX}", tags.len());
        return Err(wrong("/tags", message).hint("keep those by which it is looked for"));
    }
    for (at, tag) in tags.iter().enumerate() {
        let pointer = format!("/tags/{at}");
        if !is_seen(tag) {
            let error = wrong(&pointer, format!("{:?} is no label", shown(tag)));
            return Err(error.hint(format!("a label has {FITS}")));
        }
        if tags.iter().take(at).any(|before| before == tag) {
            let error = wrong(&pointer, format!("the label {:?} is there twice", shown(tag)));
            return Err(error.hint("give each label once"));
        }
    }
    Ok(())
}

fn wrong(pointer: &str, message: String) -> Error {
    let field = FieldError { pointer: pointer.to_owned(), message: message.clone() };
    Error::new(ErrorCode::InvalidParams, message).fields(vec![field])
}

fn shown(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

fn is_seen(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(is_unseen)
}

/// Controls, format characters (category Cf of Unicode) and what separates lines: they hide, reverse or break what stands
/// beside them.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0xad | 0x600..=0x605
                | 0x61c
                | 0x6dd
                | 0x70f
                | 0x890..=0x891
                | 0x8e2
                | 0x180e
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0xfeff
                | 0xfff9..=0xfffb
                | 0x110bd
                | 0x110cd
                | 0x13430..=0x1343f
                | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a
                | 0xe0000..=0xe007f
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_can_see() {
        for name in ["a", "größe 2", "報告", "x/y.py", &"é".repeat(100)] {
            check_name(name).unwrap();
            check_example_name(name).unwrap();
            check_tags(&[name.to_owned(), "other".to_owned()]).unwrap();
        }
        let long = "x".repeat(101);
        for name in
            ["", " ", " a", "a\u{a0}", "a\nb", "a\u{202e}b", "a\u{200b}", "a\u{2028}b", "\u{feff}a", &long]
        {
            let tags = ["fine".to_owned(), name.to_owned()];
            for (refused, pointer) in [
                (check_name(name), "/name"),
                (check_example_name(name), "/name"),
                (check_tags(&tags), "/tags/1"),
            ] {
                let error = refused.unwrap_err();
                assert_eq!(error.code, ErrorCode::InvalidParams, "{name:?}");
                assert_eq!(error.fields.first().unwrap().pointer, pointer);
                assert!(error.hint.is_some());
            }
        }
        assert!(check_name(WorkflowSid::new().as_str()).is_err());
        // Nothing takes the place of a version.
        for name in ["trip@3", "trip@03", "@1", "a@b@12"] {
            assert!(check_name(name).is_err(), "{name}");
            check_example_name(name).unwrap();
        }
        for name in ["trip@", "trip@v3", "3@trip", "me@example.org"] {
            check_name(name).unwrap();
        }
        check_note(&"é".repeat(2_000)).unwrap();
        assert!(check_note(&"é".repeat(2_001)).is_err());
        let tags: Vec<String> = (0..65).map(|number| format!("label {number}")).collect();
        check_tags(&tags[..64]).unwrap();
        assert!(check_tags(&tags).is_err());
        assert!(check_tags(&["a".to_owned(), "b".to_owned(), "a".to_owned()]).is_err());
    }
}
