//! Compares what a command printed with what a document shows of it. Pure.

/// Stands for any text within a line, and on a line of its own for any number of lines.
const ANYTHING: &str = "…";

/// True where `text` is what `pattern` shows. White space at the ends of lines does not count.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (pattern, mut text) = (lines(pattern), lines(text));
    // A terminal shows no difference between output that ends with empty lines and output that does not.
    while text.last().is_some_and(String::is_empty) {
        text.pop();
    }
    match_lines(&pattern, &text)
}

fn match_lines(pattern: &[String], text: &[String]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((first, rest)) if first == ANYTHING => {
            (0..=text.len()).any(|skipped| match_lines(rest, &text[skipped..]))
        }
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(line, others)| match_line(first, line) && match_lines(rest, others)),
    }
}

fn match_line(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split(ANYTHING);
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn anything_matches_text_and_lines() {
    for (pattern, text, expected) in [
        ("a\n", "a\n\n", true),
        ("a", "b", false),
        ("a … c … e", "a b c d e", true),
        ("a … c", "a b c d", false),
        ("a\n…\nz", "a\nb\nc\nz", true),
        ("a\n…\nz", "a\nz", true),
        ("a\n…\nz", "a\nb", false),
        ("…", "", true),
        ("", "text", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
    }
}
