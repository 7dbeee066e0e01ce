//! Words with their places as one text, and the tokenizer that reads it: a word is repeated as often as its place says,
//! so that the index keeps the place as the word's frequency.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::vocabulary::Vocabulary;

/// The tokenizer.
#[derive(Clone, Default)]
pub(super) struct Placed {
    token: Token,
}

impl Placed {
    /// Ends a document: each of its stems behind the digit of the best place where one of its words stands.
    pub(super) fn text(vocabulary: &mut Vocabulary) -> String {
        let mut text = String::new();
        vocabulary.end(|stem, place| {
            text.push(char::from(b'0' + place));
            text.push_str(stem);
            text.push(' ');
        });
        text
    }
}

impl Tokenizer for Placed {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.token.reset();
        Stream { rest: text, left: 0, token: &mut self.token }
    }
}

/// The tokens of one text.
pub(super) struct Stream<'a> {
    rest: &'a str,
    /// How often the token still comes.
    left: u8,
    token: &'a mut Token,
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        self.token.position = self.token.position.wrapping_add(1);
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return true;
        }
        let Some((word, rest)) = self.rest.split_once(' ') else { return false };
        self.rest = rest;
        let (place, stem) = word.split_at_checked(1).unwrap_or((word, ""));
        self.left = place.parse::<u8>().unwrap_or(1).saturating_sub(1);
        self.token.text.clear();
        self.token.text.push_str(stem);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
