//! JSON as text: indented for people without a way through numbers and maps, which would lose what the flow gave
//! (`1.50`, integers of forty digits, the order of keys).

/// Columns of one level.
const INDENT: usize = 2;

/// The same document over several lines. `text` must be well-formed; empty arrays and objects stay on one line.
pub(crate) fn indented(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut characters = text.chars().filter(outside_space()).peekable();
    let mut strings = StringState::default();
    while let Some(character) = characters.next() {
        if strings.step(character) {
            shown.push(character);
            continue;
        }
        match character {
            '{' | '[' => {
                shown.push(character);
                if matches!(characters.peek(), Some('}' | ']')) {
                    continue;
                }
                depth += 1;
                break_line(&mut shown, depth);
            }
            '}' | ']' => {
                if !shown.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    break_line(&mut shown, depth);
                }
                shown.push(character);
            }
            ',' => {
                shown.push(',');
                break_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            other => shown.push(other),
        }
    }
    shown
}

/// The same document on one line, without white space between its tokens.
pub(crate) fn compact(text: &str) -> String {
    text.chars().filter(outside_space()).collect()
}

fn break_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n(' ', depth * INDENT));
}

/// A filter that drops white space between tokens and keeps it inside strings.
fn outside_space() -> impl FnMut(&char) -> bool {
    let mut strings = StringState::default();
    move |character| strings.step(*character) || !character.is_ascii_whitespace()
}

/// Where a scan stands with regard to strings.
#[derive(Default)]
struct StringState {
    inside: bool,
    escaped: bool,
}

impl StringState {
    /// True when `character` belongs to a string, its quotes included.
    fn step(&mut self, character: char) -> bool {
        if !self.inside {
            self.inside = character == '"';
            return self.inside;
        }
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => self.inside = false,
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stay_as_they_are() {
        let text = r#"{"b": 1.50, "a":[],"c" : [ { } , "x: [\"{" , 12345678901234567890123 ]}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    {},\n    \"x: [\\\"{\",\n    12345678901234567890123\n  ]\n}";
        assert_eq!(indented(text), expected);
        assert_eq!(indented(&indented(text)), expected);
        assert_eq!(compact(expected), r#"{"b":1.50,"a":[],"c":[{},"x: [\"{",12345678901234567890123]}"#);
    }

    #[test]
    fn scalars_are_documents_too() {
        for text in ["null", "\"a b\"", "-0.0", "[]", "{}"] {
            assert_eq!(indented(text), text);
            assert_eq!(compact(text), text);
        }
    }
}
