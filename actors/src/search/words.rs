//! Text as words: split, folded to plain lower-case letters, and stemmed. Knows no index.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};

use super::Ingredients;

/// Bytes of a word; what is longer is no word that anybody types, but a key or a blob.
pub(super) const WORD_BYTES_MAX: usize = 40;

static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("stop_words.txt")));
static EVERYDAY_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("everyday_words.txt")));

fn listed(text: &str) -> HashSet<&str> {
    text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

/// Whether a word says nothing about what a flow does.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(word)
}

/// Whether people put a word around what they mean. So they do with numbers: those are for an input.
pub(super) fn is_everyday(word: &str) -> bool {
    EVERYDAY_WORDS.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Makes words of text.
pub(super) struct Words {
    stemmer: Option<Stemmer>,
    splits_identifiers: bool,
    folding: TextAnalyzer,
}

impl Words {
    pub(super) fn new(ingredients: Ingredients) -> Self {
        Self {
            stemmer: ingredients.stemming.then(|| Stemmer::new(Algorithm::English)),
            splits_identifiers: ingredients.identifiers,
            folding: TextAnalyzer::builder(RawTokenizer::default()).filter(AsciiFoldingFilter).build(),
        }
    }

    /// Calls `each` with every word of the text, in its order: lower case, without accents. Linear in the text.
    pub(super) fn each(&self, text: &str, mut each: impl FnMut(&str)) {
        for run in text.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if run.is_ascii() {
                self.each_of_run(run, &mut each);
            } else {
                let folded = self.folded(run);
                self.each_of_run(&folded, &mut each);
            }
        }
    }

    /// The words as a list.
    pub(super) fn list(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        self.each(text, |word| words.push(word.to_owned()));
        words
    }

    /// What different forms of a word have in common.
    pub(super) fn stem(&self, word: &str) -> String {
        self.stemmer.as_ref().map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned())
    }

    fn folded(&self, run: &str) -> String {
        let mut folding = self.folding.clone();
        let mut stream = folding.token_stream(run);
        let mut folded = String::with_capacity(run.len());
        while let Some(token) = stream.next() {
            folded.push_str(&token.text);
        }
        folded
    }

    fn each_of_run(&self, run: &str, each: &mut impl FnMut(&str)) {
        if !self.splits_identifiers {
            return one(run, each);
        }
        for part in run.split('_') {
            humps(part, |word| one(word, each));
        }
    }
}

/// Hands on a word that can be one.
fn one(word: &str, each: &mut impl FnMut(&str)) {
    if word.is_empty() || word.len() > WORD_BYTES_MAX {
        return;
    }
    let is_lower = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let word = if is_lower { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) };
    if word.chars().any(is_ideographic) {
        return pairs(&word, each);
    }
    // One letter is a variable, or what an apostrophe has left.
    if word.len() > 1 || word.bytes().all(|byte| byte.is_ascii_digit()) {
        each(&word);
    }
}

/// Scripts that put no space between words are taken by pairs of signs.
fn pairs(word: &str, each: &mut impl FnMut(&str)) {
    let signs: Vec<(usize, char)> = word.char_indices().collect();
    if let [(_, _)] = signs.as_slice() {
        return each(word);
    }
    for pair in signs.windows(2) {
        if let [(start, _), (next, sign)] = pair {
            each(word.get(*start..next + sign.len_utf8()).unwrap_or_default());
        }
    }
}

fn is_ideographic(sign: char) -> bool {
    matches!(sign, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Splits `parseHTTPResponse`, `json2csv` and `page3of4`; leaves `mp3`, `s3`, `utf8` and `3d` whole.
fn humps(part: &str, mut each: impl FnMut(&str)) {
    if part.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return each(part);
    }
    let signs: Vec<(usize, char)> = part.char_indices().collect();
    let at = |index: usize| signs.get(index).map(|(_, sign)| *sign);
    let mut start = 0;
    let mut cut = |end: usize, next: usize| {
        each(part.get(start..end).unwrap_or_default());
        start = next;
    };
    for (index, (byte, sign)) in signs.iter().enumerate() {
        let (before, after) = (index.checked_sub(1).and_then(at), at(index + 1));
        let Some(before) = before else { continue };
        let stands_for_to = matches!(sign, '2' | '4')
            && before.is_lowercase()
            && index >= 2
            && after.is_some_and(char::is_alphabetic)
            && at(index + 2).is_some_and(char::is_alphabetic);
        if stands_for_to {
            cut(*byte, byte + 1);
        } else if sign.is_uppercase() && (before.is_lowercase() || after.is_some_and(char::is_lowercase))
            || sign.is_alphabetic() && before.is_numeric() && index >= 2
        {
            cut(*byte, *byte);
        }
    }
    cut(part.len(), part.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_and_identifiers_are_split() {
        let words = Words::new(Ingredients::ALL);
        for (text, found) in [
            ("resize_images, please!", vec!["resize", "images", "please"]),
            ("parseHTTPResponse", vec!["parse", "http", "response"]),
            ("json2csv md4html", vec!["json", "csv", "md", "html"]),
            ("page3of4", vec!["page3", "of4"]),
            ("s3 mp3 utf8 3d oauth2", vec!["s3", "mp3", "utf8", "3d", "oauth2"]),
            ("a b 7", vec!["7"]),
            ("Ärger naïve ŒUVRE straße", vec!["arger", "naive", "oeuvre", "strasse"]),
            ("数据转换 x", vec!["数据", "据转", "转换"]),
            ("図", vec!["図"]),
            ("don't", vec!["don"]),
            ("__init__", vec!["init"]),
        ] {
            assert_eq!(words.list(text), found, "{text}");
        }
        let whole = Words::new(Ingredients { identifiers: false, ..Ingredients::ALL });
        assert_eq!(whole.list("resize_images parseHTTP"), ["resize_images", "parsehttp"]);
    }

    proptest! {
        #[test]
        fn any_text_gives_words(text in "\\PC{0,60}|[aA2_ß数é]{0,40}") {
            for word in Words::new(Ingredients::ALL).list(&text) {
                prop_assert!(!word.is_empty() && !word.contains(char::is_whitespace) && !word.contains('_'));
            }
        }
    }
}
