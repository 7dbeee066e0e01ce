//! Text of flows made safe for a terminal: what a terminal would obey, or a reader would not see, is shown as a
//! visible code. Nothing here knows where the text goes.

use std::fmt::Write as _;

/// One line of text: controls, line ends and invisible direction marks become codes such as `\x1b` and `\u{202e}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    shown
}

/// The same, but line ends stay line ends and a tab becomes four spaces; for blocks such as tracebacks.
pub(crate) fn visible_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.trim_end().chars() {
        match character {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            other => push_visible(&mut shown, other),
        }
    }
    shown
}

/// The beginning of what somebody has typed, for words about it.
pub(crate) fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// JSON text in which the same characters stand as `\u…` escapes. They occur only inside strings, where the escape
/// means the same character, so the document does not change.
pub(crate) fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !matches!(character, '\n' | '\r' | '\t') {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(shown, "\\u{unit:04x}").expect("writing to a String does not fail");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

fn push_visible(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        hidden if is_hidden(hidden) => {
            let code = u32::from(hidden);
            let written =
                if code <= 0xff { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
            written.expect("writing to a String does not fail");
        }
        plain => shown.push(plain),
    }
}

/// True for what a terminal obeys (C0, C1), what turns the direction of text (Unicode TR 9), and what takes no
/// space at all and so could hide in a name. The zero-width joiner stays: emoji are built with it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_codes() {
        let cases = [
            ("plain – ü 日本 👩‍👩‍👧", "plain – ü 日本 👩‍👩‍👧"),
            ("\u{1b}[31mred\u{7}", "\\x1b[31mred\\x07"),
            ("\u{9b}2J\u{7f}", "\\x9b2J\\x7f"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("exe.\u{202e}gpj", "exe.\\u{202e}gpj"),
            ("zero\u{200b}width\u{e0041}", "zero\\u{200b}width\\u{e0041}"),
        ];
        for (text, expected) in cases {
            assert_eq!(visible(text), expected);
        }
        assert_eq!(visible_lines("a\n\tb\u{1b}\n"), "a\n    b\\x1b");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("a\u{9b}b\u{202e}c\u{e0041}d\u{7f}").unwrap();
        let shown = json(&text);
        assert!(shown.chars().all(|character| !is_hidden(character)), "{shown}");
        let before: String = serde_json::from_str(&text).unwrap();
        let after: String = serde_json::from_str(&shown).unwrap();
        assert_eq!(before, after);
    }
}
