//! Commands to be pasted into a shell.

/// One word for a POSIX shell: as it is where that is safe, else in single quotes.
pub(crate) fn quote(word: &str) -> String {
    let is_safe = |character: char| character.is_ascii_alphanumeric() || "@%+=:,./-_".contains(character);
    if !word.is_empty() && word.chars().all(is_safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let cases = [
            ("play_01", "play_01"),
            ("", "''"),
            ("true", "true"),
            ("\"it's\"", "'\"it'\\''s\"'"),
            ("$HOME `x` \\", "'$HOME `x` \\'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quote(word), expected);
        }
    }
}
