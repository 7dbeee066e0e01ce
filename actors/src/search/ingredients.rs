//! What the search is made of. Each can be left out, which is how tests and the benchmark tell what it is worth.

/// What the search is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub struct Ingredients {
    /// Forms of a word count as that word.
    pub stemming: bool,
    /// A word that the library does not know is taken for one that differs by a typing error.
    pub typos: bool,
    /// Words that mean the same.
    pub synonyms: bool,
    /// `resizeImage` and `resize_image` are two words.
    pub identifiers: bool,
    /// Words that are written together or apart, and beginnings of words.
    pub compounds: bool,
    /// Docstrings, comments and names of the source are searched.
    pub source: bool,
    /// A word counts by where it stands: most in the name, least in the source.
    pub places: bool,
    /// Of those that cover the question alike, the one that is about nothing else comes first.
    pub focus: bool,
    /// What the caller can give and wants counts.
    pub fit: bool,
}

impl Ingredients {
    /// All of them.
    pub const ALL: Self = Self {
        stemming: true,
        typos: true,
        synonyms: true,
        identifiers: true,
        compounds: true,
        source: true,
        places: true,
        focus: true,
        fit: true,
    };

    /// Each way of leaving out one, by its name.
    pub fn each_left_out() -> Vec<(&'static str, Self)> {
        let all = Self::ALL;
        vec![
            ("stemming", Self { stemming: false, ..all }),
            ("typos", Self { typos: false, ..all }),
            ("synonyms", Self { synonyms: false, ..all }),
            ("identifiers", Self { identifiers: false, ..all }),
            ("compounds", Self { compounds: false, ..all }),
            ("source", Self { source: false, ..all }),
            ("places", Self { places: false, ..all }),
            ("focus", Self { focus: false, ..all }),
            ("fit", Self { fit: false, ..all }),
        ]
    }
}

impl Default for Ingredients {
    fn default() -> Self {
        Self::ALL
    }
}
