//! A document taken apart: its words by where they stand, and what is compared of it in the second stage.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use hero_sdk::{Json, WorkflowSid};
use serde_json::Value;

use super::{
    Document, Ingredients,
    placed::Placed,
    schema,
    schema::Port,
    source::{self, Piece, cut},
    vocabulary::Vocabulary,
};

/// Bytes of a name or a description that are read.
const TEXT_BYTES_MAX: usize = 8 << 10;
/// Words of a description that are compared in their order.
const COMPARED_MAX: usize = 48;
/// Tags that are read.
const TAGS_MAX: usize = 64;

/// Where a word stands, the least telling first. Its number is kept in the index as the word's frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Code = 1,
    Prose = 2,
    Port = 3,
    Description = 4,
    Tag = 5,
    Name = 6,
}

impl Place {
    pub(super) const ALL: [Self; 6] =
        [Self::Code, Self::Prose, Self::Port, Self::Description, Self::Tag, Self::Name];

    /// In words, behind "in".
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Code => "the code",
            Self::Prose => "the docstrings or comments",
            Self::Port => "the inputs or outputs",
            Self::Description => "the description",
            Self::Tag => "the tags",
            Self::Name => "the name",
        }
    }
}

/// What is kept of a document beside its words.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) workflow_sid: WorkflowSid,
    /// Hashes of the stems of the name, in their order, without stop words.
    pub(super) name: Box<[u32]>,
    pub(super) description: Box<[u32]>,
    pub(super) inputs: Box<[Port]>,
    pub(super) outputs: Box<[Port]>,
}

/// A document taken apart.
pub(super) struct Analyzed {
    pub(super) entry: Entry,
    pub(super) tags: Vec<String>,
    /// As [`Placed`] reads them.
    pub(super) stems: String,
}

/// What a stem is compared by.
pub(super) fn hashed(stem: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    stem.hash(&mut hasher);
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let hash = hasher.finish() as u32;
    hash
}

/// How a tag is compared.
pub(super) fn tag(text: &str) -> String {
    text.trim().to_lowercase()
}

pub(super) fn analyzed(
    document: &Document,
    vocabulary: &mut Vocabulary,
    ingredients: Ingredients,
) -> Analyzed {
    let Document { workflow_sid, name, description, tags, inputs, outputs, source } = document;
    let (name, description) = (cut(name, TEXT_BYTES_MAX), cut(description, TEXT_BYTES_MAX));
    let tags: Vec<String> = tags.iter().take(TAGS_MAX).map(|text| tag(cut(text, TEXT_BYTES_MAX))).collect();
    // A schema is checked where it comes in; one that is none has no words.
    let schema = |json: &Json| json.to::<Value>().unwrap_or_default();
    let (inputs, outputs) = (schema(inputs), schema(outputs));

    vocabulary.say(name, Place::Name);
    tags.iter().for_each(|text| vocabulary.say(text, Place::Tag));
    vocabulary.say(description, Place::Description);
    vocabulary.say(&schema::words(&inputs), Place::Port);
    vocabulary.say(&schema::words(&outputs), Place::Port);
    if ingredients.source {
        source::pieces(source, |piece| match piece {
            Piece::Prose(text) => vocabulary.say(text, Place::Prose),
            Piece::Code(text) => vocabulary.say(text, Place::Code),
        });
    }
    let entry = Entry {
        workflow_sid: workflow_sid.clone(),
        name: hashes(name, vocabulary),
        description: hashes(description, vocabulary),
        inputs: schema::ports(&inputs).into(),
        outputs: schema::ports(&outputs).into(),
    };
    Analyzed { entry, tags, stems: Placed::text(vocabulary) }
}

fn hashes(text: &str, vocabulary: &Vocabulary) -> Box<[u32]> {
    vocabulary.stems(text, COMPARED_MAX).iter().map(|stem| hashed(stem)).collect()
}
