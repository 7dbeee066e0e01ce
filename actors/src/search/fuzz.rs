//! What must hold of every source that is indexed. `e2e/fuzz` looks for bytes of which it does not.

use super::{
    Ingredients,
    entry::Place,
    source::{Piece, SOURCE_BYTES_MAX, pieces},
    vocabulary::Vocabulary,
    words::WORD_BYTES_MAX,
};

/// A Python source, or what is taken for one. Its pieces are of it, in its order; each of its words comes out once, short
/// and at a place.
pub(crate) fn source(data: &[u8]) {
    let source = String::from_utf8_lossy(data);
    let mut vocabulary = Vocabulary::new(Ingredients::ALL);
    let mut bytes = 0;
    pieces(&source, |piece| {
        let (text, place) = match piece {
            Piece::Prose(text) => (text, Place::Prose),
            Piece::Code(text) => (text, Place::Code),
        };
        bytes += text.len();
        vocabulary.say(text, place);
    });
    assert!(bytes <= source.len().min(SOURCE_BYTES_MAX));
    let mut stems = Vec::new();
    vocabulary.end(|stem, place| {
        // Folding may make several letters of one.
        assert!(!stem.is_empty() && stem.len() <= 4 * WORD_BYTES_MAX && !stem.contains(' '), "{stem:?}");
        assert!(Place::ALL.iter().any(|known| *known as u8 == place));
        stems.push(stem.to_owned());
    });
    let count = stems.len();
    stems.sort();
    stems.dedup();
    assert_eq!(stems.len(), count, "a stem came twice");
}
