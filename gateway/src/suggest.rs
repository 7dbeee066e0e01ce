//! Close matches for a name that was not found.

/// Similarity (Jaro–Winkler, 0 to 1) from which a name counts as a likely typing error.
const SIMILARITY_MIN: f64 = 0.75;
/// More than three guesses are noise.
const GUESSES_MAX: usize = 3;

/// The names most like `wanted`, best first.
pub(crate) fn close_matches<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= SIMILARITY_MIN)
        .collect();
    scored.sort_by(|(left, left_name), (right, right_name)| {
        right.total_cmp(left).then_with(|| left_name.cmp(right_name))
    });
    scored.into_iter().take(GUESSES_MAX).map(|(_, name)| name).collect()
}

/// `did you mean a, b or c?`, where there is a guess.
pub(crate) fn did_you_mean(guesses: &[&str]) -> Option<String> {
    let (last, others) = guesses.split_last()?;
    if others.is_empty() {
        return Some(format!("did you mean {last}?"));
    }
    Some(format!("did you mean {} or {last}?", others.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_their_name() {
        let names = ["hello", "approval", "fan_out", "retry"];
        assert_eq!(close_matches("helo", names), ["hello"]);
        assert_eq!(close_matches("Aproval", names), ["approval"]);
        assert_eq!(close_matches("fanout", names), ["fan_out"]);
        assert!(close_matches("zzz", names).is_empty());
    }

    #[test]
    fn guesses_read_as_a_sentence() {
        assert_eq!(did_you_mean(&[]), None);
        assert_eq!(did_you_mean(&["a"]).as_deref(), Some("did you mean a?"));
        assert_eq!(did_you_mean(&["a", "b", "c"]).as_deref(), Some("did you mean a, b or c?"));
    }
}
