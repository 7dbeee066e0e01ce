//! Answers that were given on the command line before their question is asked.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::{Json, model::ResumeRequest};

use crate::{
    cli::{errors::Failure, escape::shortened, shell, source::argument_json},
    suggest::{close_matches, did_you_mean},
};

/// Questions that were asked, by their paths: their names, and whether they have been answered.
pub(crate) type Asked = BTreeMap<String, (String, bool)>;

/// Answers by what names their question, and which of them were used.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    given: BTreeMap<String, Json>,
    used: BTreeSet<String>,
    /// For what is not given: nobody is told when nothing asks for them.
    saved: BTreeMap<String, Json>,
}

impl Answers {
    /// Parses `NAME=JSON` arguments.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut given = BTreeMap::new();
        for argument in arguments {
            let (name, text) = split(argument)?;
            let quoted = shell::quote(&format!("{name}={}", serde_json::Value::from(shortened(text))));
            let hint = format!("text needs quotes: --answer {quoted}");
            let payload = argument_json(&format!("--answer {name}"), text, hint)?;
            if given.insert(name.to_owned(), payload).is_some() {
                return Err(Failure::usage("usage", format!("--answer {name} is given twice"))
                    .hint(format!("a question asked several times is {name}#0, {name}#1, …")));
            }
        }
        Ok(Self { given, ..Self::default() })
    }

    /// The answer to a question: by its path, else by `NAME#N`, else by its name, which answers each of that name.
    pub(crate) fn find(&mut self, request: &ResumeRequest) -> Option<Json> {
        let Some((key, payload)) = request.answer_in(&self.given) else {
            return Some(request.answer_in(&self.saved)?.1.clone());
        };
        self.used.insert(key.clone());
        Some(payload.clone())
    }

    /// The same, with these where none is given.
    #[must_use]
    pub(crate) fn or(self, saved: BTreeMap<String, Json>) -> Self {
        Self { saved, ..self }
    }

    /// Those that are given, by what names their question.
    pub(crate) fn into_given(self) -> BTreeMap<String, Json> {
        self.given
    }

    /// The answers that no question took, of those that were asked.
    pub(crate) fn unused(&self, asked: &Asked) -> Vec<String> {
        let to_message = |name: &String| format!("--answer {name} was not used; {}", why_unused(name, asked));
        self.given.keys().filter(|name| !self.used.contains(*name)).map(to_message).collect()
    }
}

/// Why no question took the answer of this name.
fn why_unused(given: &str, asked: &Asked) -> String {
    let is_named = |path: &str, name: &str| {
        given == path || given == name || path.rsplit('/').next().is_some_and(|last| last == given)
    };
    let named = asked.iter().filter(|(path, (name, _))| is_named(path, name));
    match named.map(|(_, (_, is_answered))| *is_answered).reduce(|one, other| one && other) {
        Some(true) => return "its question was answered before".to_owned(),
        Some(false) => return "its question is no longer open".to_owned(),
        None if asked.is_empty() => return "nothing was asked".to_owned(),
        None => {}
    }
    let names: BTreeSet<&str> = asked.values().map(|(name, _)| name.as_str()).collect();
    let guess = did_you_mean(&close_matches(given, names.iter().copied()));
    guess.unwrap_or_else(|| format!("asked: {}", names.into_iter().collect::<Vec<_>>().join(", ")))
}

/// `NAME=JSON` at the first `=` outside brackets: a path may hold `name[key]`, and a key an `=`.
fn split(argument: &str) -> Result<(&str, &str), Failure> {
    let mut depth = 0usize;
    let place = argument.char_indices().find(|(_, character)| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *character == '=' && depth == 0
    });
    match place.and_then(|(index, _)| argument.split_at_checked(index)) {
        Some((name, rest)) if !name.is_empty() => Ok((name, rest.strip_prefix('=').unwrap_or(rest))),
        Some(_) | None => Err(Failure::usage(
            "usage",
            format!("--answer {:?} is not of the form NAME=JSON", shortened(argument)),
        )
        .hint("for example --answer approve=true")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::request;

    fn answers(arguments: &[&str]) -> Result<Answers, Failure> {
        Answers::parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    fn asked(questions: &[(&str, &str, bool)]) -> Asked {
        let to_entry = |&(path, name, is_answered): &(&str, &str, bool)| {
            (path.to_owned(), (name.to_owned(), is_answered))
        };
        questions.iter().map(to_entry).collect()
    }

    #[test]
    fn the_most_exact_name_wins() {
        let mut question = request("approve", "true", "{}");
        let mut given = answers(&["approve=1", "approve#1=2", "main#0/deep#0/approve#1=3"]).unwrap();
        for (path, expected) in [
            ("main#0/approve#0", "1"),
            ("main#0/approve#1", "2"),
            ("main#0/deep#0/approve#1", "3"),
            ("x#0/approve#7", "1"),
        ] {
            question.path = path.to_owned();
            assert_eq!(given.find(&question).unwrap().as_str(), expected, "{path}");
        }
        question.name = "other".to_owned();
        question.path = "main#0/other#0".to_owned();
        assert!(given.find(&question).is_none());
    }

    #[test]
    fn what_is_given_goes_before_what_was_saved() {
        let saved = answers(&["approve#0=1", "note=2", "never=3"]).unwrap().into_given();
        let mut given = answers(&["approve=4"]).unwrap().or(saved);
        assert_eq!(given.find(&request("approve", "true", "{}")).unwrap().as_str(), "4");
        assert_eq!(given.find(&request("note", "true", "{}")).unwrap().as_str(), "2");
        assert!(given.find(&request("other", "true", "{}")).is_none());
        assert!(given.unused(&Asked::new()).is_empty());
    }

    #[test]
    fn unused_answers_are_named_with_a_guess() {
        let mut given = answers(&["aprove=true", "zzz=1", "used=1"]).unwrap();
        given.find(&request("used", "true", "{}")).unwrap();
        let asked = asked(&[("main#0/approve#0", "approve", true), ("main#0/used#0", "used", true)]);
        assert_eq!(
            given.unused(&asked),
            [
                "--answer aprove was not used; did you mean approve?",
                "--answer zzz was not used; asked: approve, used"
            ]
        );
        assert_eq!(given.unused(&Asked::new())[0], "--answer aprove was not used; nothing was asked");
    }

    #[test]
    fn an_answer_to_what_is_answered_says_so() {
        let asked = asked(&[
            ("main#0/approve#0", "approve", true),
            ("main#0/approve#1", "approve", true),
            ("main#0/deep#0/note#0", "note", false),
        ]);
        let answered = "its question was answered before";
        for (given, why) in [
            ("approve", answered),
            ("approve#1", answered),
            ("main#0/approve#0", answered),
            ("approve#2", "did you mean approve?"),
            ("note", "its question is no longer open"),
        ] {
            let unused = answers(&[&format!("{given}=1")]).unwrap().unused(&asked);
            assert_eq!(unused, [format!("--answer {given} was not used; {why}")]);
        }
    }

    #[test]
    fn malformed_answers_say_how() {
        let text =
            |argument: &str| answers(&[argument]).unwrap_err().render(crate::cli::style::Palette::Text);
        insta::assert_snapshot!([text("title=it's"), text("=1"), text("approve")].concat());
        assert_eq!(answers(&[r#"a={"k":1,"k":2}"#]).unwrap_err().message, "--answer a has /k twice");
        for long in ["title=", ""] {
            assert!(text(&format!("{long}{}", "x".repeat(100_000))).len() < 300, "{long}");
        }
        assert!(answers(&["a[\"x=y\"]=1"]).unwrap().given.contains_key("a[\"x=y\"]"));
        assert_eq!(answers(&["a=1", "a=2"]).unwrap_err().code, "usage");
    }
}
