//! Secrets: listed, asked for, set and removed, and never shown.

use super::*;

#[tokio::test]
async fn secrets_are_listed_without_their_values() {
    let script = Script::new([]);
    let mut stage = Stage::new();
    let result = super::secret_list::run(&mut stage.context, &script).await;
    let plain = stage.told(&result);
    let mut stage = Stage::json();
    let result = super::secret_list::run(&mut stage.context, &script).await;
    insta::assert_snapshot!("secrets", format!("{plain}{}", stage.told(&result)));
}

/// The name and the length of the value of `hero_logic secret set` with these arguments, or why not.
async fn parse_secret(typed: &[&str], person: &[&str]) -> Result<(String, usize), Failure> {
    let typed = ["hero_logic", "secret", "set"].iter().chain(typed);
    let Some(Command::Secret(args::Secret::Set(arguments))) =
        Arguments::try_parse_from(typed).unwrap().command
    else {
        panic!("not secret set")
    };
    let mut stage = Stage::new();
    let prompter = ScriptedPerson::new(person);
    let (name, value) =
        super::secret_set::parse(arguments, Some(prompter), &mut stage.context.signals).await?;
    Ok((name.to_string(), value.expose().len()))
}

#[tokio::test]
async fn a_value_is_asked_for_or_read_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key");
    std::fs::write(&file, "two\nlines\n\n").unwrap();
    let at_file = format!("@{}", file.display());
    assert_eq!(parse_secret(&["KEY"], &["\"hunter2\""]).await.unwrap(), ("KEY".to_owned(), 7));
    assert_eq!(parse_secret(&["KEY", "--value", "-"], &["\"hunter2\""]).await.unwrap().1, 7);
    // One line end is cut, which editors and `echo` leave.
    assert_eq!(parse_secret(&["KEY", "--value", &at_file], &[]).await.unwrap().1, "two\nlines\n".len());
    std::fs::write(&file, "hunter2\r\n").unwrap();
    assert_eq!(parse_secret(&["KEY", "--value", &at_file], &[]).await.unwrap().1, 7);
}

#[tokio::test]
async fn a_value_that_everybody_could_see_is_refused_and_not_repeated() {
    let mut told = String::new();
    for typed in [
        &["KEY=hunter2"][..],
        &["KEY", "hunter2"],
        &["KEY", "--value", "hunter2"],
        &["hunter2"],
        &["KEY", "--value", "@/no/such/file"],
    ] {
        told.push_str(&parse_secret(typed, &[]).await.unwrap_err().render(crate::cli::style::Palette::Text));
    }
    assert!(!told.contains("hunter2"), "{told}");
    // The person leaves, or types too little.
    for person in [&[][..], &["\"abc\""]] {
        told.push_str(
            &parse_secret(&["KEY"], person).await.unwrap_err().render(crate::cli::style::Palette::Text),
        );
    }
    insta::assert_snapshot!("secret_refused", told);
}

#[tokio::test]
async fn secrets_are_set_and_removed() {
    let script = Script::new([]);
    let value = || hero_sdk::SecretValue::try_from("hunter2".to_owned()).unwrap();
    let mut told = String::new();
    for (mut stage, name) in [(Stage::new(), "API_KEY"), (Stage::json(), "API_KEY"), (Stage::new(), "TOKEN")]
    {
        let name: hero_sdk::SecretName = name.parse().unwrap();
        let result = super::secret_set::run(&mut stage.context, &script, name.clone(), value()).await;
        told.push_str(&stage.told(&result));
        let result = super::secret_remove::run(&mut stage.context, &script, name).await;
        told.push_str(&stage.told(&result));
    }
    insta::assert_snapshot!("secret_set_and_removed", told);
    let expected = ["secret_set API_KEY of 7 bytes", "secret_remove API_KEY"];
    assert_eq!(script.calls().get(..2), Some(&expected.map(str::to_owned)[..]));
}
