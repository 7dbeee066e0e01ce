//! Commands to be pasted into a shell.

use std::fmt::Write as _;

use crate::cli::escape::visible;

/// One word for a POSIX shell: as it is where that is safe, else in single quotes. What a terminal would obey, or not
/// show, is told by the numbers of its bytes, which shells take since POSIX of 2024.
pub(crate) fn quote(word: &str) -> String {
    let is_safe = |character: char| character.is_ascii_alphanumeric() || "@%+=:,./-_".contains(character);
    if !word.is_empty() && word.chars().all(is_safe) {
        word.to_owned()
    } else if visible(word) != word {
        let mut quoted = "$'".to_owned();
        for byte in word.bytes() {
            let is_plain = byte.is_ascii_graphic() && byte != b'\'' && byte != b'\\';
            let written =
                if is_plain { write!(quoted, "{}", byte as char) } else { write!(quoted, "\\{byte:03o}") };
            written.expect("writing to a String does not fail");
        }
        quoted + "'"
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
            ("a\u{1b}[2J'b", "$'a\\033[2J\\047b'"),
            ("a\u{202e}b\nc", "$'a\\342\\200\\256b\\012c'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quote(word), expected);
        }
    }
}
