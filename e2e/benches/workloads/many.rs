//! Very many workflows, made up: documents whose words are as frequent as those of a language are (Zipf), with sources
//! of one to two kilobytes, and questions about them. The same every time.

use std::fmt::Write as _;

use hero_actors::search::Document;
use hero_sdk::Json;
use serde_json::json;

/// Different words of all documents together.
const VOCABULARY: usize = 30_000;
/// The most frequent of them; what follows is made up.
const REAL_WORDS: &str = "file report data customer email invoice text image list send convert check fetch order price \
    summary date user table page update message account record document product payment extract generate monitor \
    backup search value folder server download contract calendar weather translate report status request address \
    format schedule currency analysis review delete merge compare count image video audio transcript budget expense \
    ticket support project task deadline meeting agenda notes website link broken feed article headline keyword topic \
    classify label sentiment score rank filter clean duplicate validate schema column row spreadsheet database query \
    postgres table migrate deploy release rollback branch commit repository issue alert threshold metric chart \
    dashboard forecast trend anomaly resize thumbnail watermark compress archive upload bucket token secret rotate";
const SYLLABLES: [&str; 24] = [
    "ba", "con", "der", "fi", "gra", "hu", "in", "jo", "ka", "lon", "mi", "nor", "ope", "pra", "qui", "ris",
    "sto", "tem", "ul", "ver", "wes", "xi", "yon", "zet",
];

/// Makes documents and questions.
pub(crate) struct Maker {
    state: u64,
    words: Vec<String>,
    /// How likely a word is, and all more frequent ones together.
    likely: Vec<f64>,
}

impl Maker {
    pub(crate) fn new() -> Self {
        let mut maker = Self { state: 0x9e37_79b9_7f4a_7c15, words: Vec::new(), likely: Vec::new() };
        maker.words = REAL_WORDS.split_whitespace().map(str::to_owned).collect();
        while maker.words.len() < VOCABULARY {
            let syllables = 2 + maker.below(3);
            let word = (0..syllables).map(|_| maker.one_of(&SYLLABLES)).collect();
            maker.words.push(word);
        }
        let mut sum = 0.0;
        for rank in 0..VOCABULARY {
            #[expect(clippy::cast_precision_loss, reason = "a rank is a small number")]
            let weight = 1.0 / (rank as f64 + 3.0);
            sum += weight;
            maker.likely.push(sum);
        }
        maker
    }

    /// The document of a number. One made later under the same number replaces it.
    pub(crate) fn document(&mut self, number: usize) -> Document {
        let tags = vec![self.word(), self.word()];
        let name = format!("{}_{}_{number}", self.word(), self.word());
        let description = self.sentence(10);
        Document {
            workflow_sid: format!("wf_{number:026}").parse().expect("digits are of a ULID"),
            inputs: self.schema(3),
            outputs: self.schema(2),
            source: self.source(&description),
            name,
            description,
            tags,
        }
    }

    /// A question in words of a description: some of them, others around them, and now and then a typing error.
    pub(crate) fn question(&mut self, document: &Document) -> String {
        let about: Vec<&str> = document.description.split(' ').collect();
        let mut question = String::from("I need a flow that can");
        for _ in 0..4 {
            let word = self.one_of(&about);
            let word = if self.below(10) == 0 { mistyped(word) } else { word.to_owned() };
            let _ = write!(question, " {word}");
        }
        let _ = write!(question, " for a {}", self.word());
        question
    }

    fn source(&mut self, description: &str) -> String {
        let mut source = format!("\"\"\"{description}.\n\n{}.\n\"\"\"\n\n", self.sentence(14));
        for _ in 0..3 {
            let (name, argument, other) = (self.name(), self.name(), self.name());
            let (prose, comment) = (self.sentence(9), self.sentence(6));
            let _ = write!(
                source,
                "@flow\ndef {name}({argument}: str, {other}: int = 3) -> dict:\n    \"\"\"{prose}.\"\"\"\n    # {comment}\n"
            );
            for _ in 0..3 {
                let (left, object, method) = (self.name(), self.word(), self.name());
                let _ = writeln!(
                    source,
                    "    {left} = {object}.{method}({argument}, {other}=\"{}\")",
                    self.word()
                );
            }
            let _ = write!(source, "    return {{\"{}\": {argument}}}\n\n\n", self.word());
        }
        source
    }

    fn schema(&mut self, members: usize) -> Json {
        let properties: serde_json::Map<String, serde_json::Value> = (0..members)
            .map(|_| (self.name(), json!({"type": "string", "description": self.sentence(4)})))
            .collect();
        let required: Vec<&String> = properties.keys().take(1).collect();
        Json::from(&json!({"type": "object", "properties": properties, "required": required}))
    }

    fn name(&mut self) -> String {
        format!("{}_{}", self.word(), self.word())
    }

    fn sentence(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn word(&mut self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
        let share = self.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        let sum = self.likely.last().copied().unwrap_or_default();
        let place = self.likely.partition_point(|likely| *likely < share * sum);
        self.words.get(place).or(self.words.last()).cloned().unwrap_or_default()
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }

    /// Of Marsaglia's xorshift (2003).
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).expect("48 bits fit") % limit
    }
}

/// Two letters change places.
fn mistyped(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() > 4 {
        letters.swap(2, 3);
    }
    letters.into_iter().collect()
}
