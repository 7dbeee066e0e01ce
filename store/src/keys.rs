//! Where each row lives: a few tables, and keys whose byte order is the order that readers want.
//!
//! Ids have a fixed length and sort by time; numbers are big-endian; free text is always the last part, so that no
//! terminator is needed. Nothing here knows what a row holds.

use hero_sdk::{BenchmarkSid, PlaySid, ResumeId, VersionSid, WorkflowSid};
use sha2::{Digest, Sha256};

/// Longest text that stands in a key as it is; the engine's limit for a whole key is 65,535 bytes.
const KEY_TEXT_BYTES_MAX: usize = 1024;
/// Marks text that stands as its SHA-256. UTF-8 has no such byte.
const HASHED: u8 = 0xff;

/// A keyspace of the engine. There are few, since each costs files and time at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// The engine's own mark of the newest group commit.
    Meta,
    /// Play → `PlayRow`.
    Plays,
    /// Play, path → `Record`.
    Records,
    /// Play, sequence number → `Change`.
    Changes,
    /// Question → `ResumeRequest`.
    Resumes,
    /// Workflows, versions, examples, tallies and benchmarks with their parts, each under a letter.
    Library,
    /// Everything that finds a row by another key, each under a letter.
    Index,
    /// Play, name → `Artifact`; and which of them have a content, by its digest; each under a letter.
    Artifacts,
}

impl Table {
    /// Every table; a table's place here is its number.
    pub const ALL: [Self; 8] = [
        Self::Meta,
        Self::Plays,
        Self::Records,
        Self::Changes,
        Self::Resumes,
        Self::Library,
        Self::Index,
        Self::Artifacts,
    ];

    /// The name on disk, which never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Plays => "plays",
            Self::Records => "records",
            Self::Changes => "changes",
            Self::Resumes => "resumes",
            Self::Library => "library",
            Self::Index => "index",
            Self::Artifacts => "artifacts",
        }
    }
}

/// The place of one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) table: Table,
    pub(crate) bytes: Vec<u8>,
}

/// Letters within `Table::Library`.
mod library {
    pub(super) const WORKFLOW: u8 = b'w';
    pub(super) const VERSION: u8 = b'v';
    pub(super) const EXAMPLE: u8 = b'e';
    pub(super) const TALLY: u8 = b't';
    pub(super) const BENCHMARK: u8 = b'b';
    pub(super) const MEASUREMENT: u8 = b'm';
    pub(super) const PLAN: u8 = b'p';
}

/// Letters within `Table::Index`.
mod index {
    pub(super) const BENCHMARK_OF_VERSION: u8 = b'b';
    pub(super) const BENCHMARK_OF_WORKFLOW: u8 = b'w';
    pub(super) const RUNNING_BENCHMARK: u8 = b'x';
    pub(super) const DIGEST: u8 = b'd';
    pub(super) const IDEMPOTENCY: u8 = b'k';
    pub(super) const NAME: u8 = b'n';
    pub(super) const NUMBER: u8 = b'v';
    pub(super) const OPEN_RESUME: u8 = b'o';
    pub(super) const RESUME_OF_PLAY: u8 = b'r';
    pub(super) const UNFINISHED: u8 = b'u';
}

/// Letters within `Table::Artifacts`.
mod artifacts {
    pub(super) const OF_PLAY: u8 = b'p';
    pub(super) const WITH_DIGEST: u8 = b'd';
}

impl Key {
    fn new(table: Table) -> Self {
        Self { table, bytes: Vec::with_capacity(64) }
    }

    fn lettered(table: Table, letter: u8) -> Self {
        Self::new(table).bytes(&[letter])
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// An id without its prefix: 26 characters, whose order is the order of making.
    fn sid(self, text: &str, prefix: &str) -> Self {
        let ulid = text.strip_prefix(prefix).expect("an id starts with the prefix of its type");
        self.bytes(ulid.as_bytes())
    }

    /// Free text, always last. Only equality matters for it, so long text may stand as a hash.
    fn text(self, text: &str) -> Self {
        if text.len() <= KEY_TEXT_BYTES_MAX {
            self.bytes(text.as_bytes())
        } else {
            self.bytes(&[HASHED]).bytes(&Sha256::digest(text.as_bytes()))
        }
    }

    pub(crate) fn play(play: &PlaySid) -> Self {
        Self::new(Table::Plays).sid(play.as_str(), PlaySid::PREFIX)
    }

    /// Prefix of all plays.
    pub(crate) fn all_plays() -> Self {
        Self::new(Table::Plays)
    }

    pub(crate) fn record(play: &PlaySid, path: &str) -> Self {
        Self::records(play).text(path)
    }

    /// Prefix of all records of a play.
    pub(crate) fn records(play: &PlaySid) -> Self {
        Self::new(Table::Records).sid(play.as_str(), PlaySid::PREFIX)
    }

    pub(crate) fn change(play: &PlaySid, seq: u64) -> Self {
        Self::changes(play).bytes(&seq.to_be_bytes())
    }

    /// Prefix of all changes of a play.
    pub(crate) fn changes(play: &PlaySid) -> Self {
        Self::new(Table::Changes).sid(play.as_str(), PlaySid::PREFIX)
    }

    pub(crate) fn resume(resume: &ResumeId) -> Self {
        Self::new(Table::Resumes).sid(resume.as_str(), ResumeId::PREFIX)
    }

    pub(crate) fn workflow(workflow: &WorkflowSid) -> Self {
        Self::workflows().sid(workflow.as_str(), WorkflowSid::PREFIX)
    }

    /// Prefix of all workflows.
    pub(crate) fn workflows() -> Self {
        Self::lettered(Table::Library, library::WORKFLOW)
    }

    pub(crate) fn version(version: &VersionSid) -> Self {
        Self::lettered(Table::Library, library::VERSION).sid(version.as_str(), VersionSid::PREFIX)
    }

    pub(crate) fn example(workflow: &WorkflowSid, name: &str) -> Self {
        Self::examples(workflow).text(name)
    }

    /// Prefix of all examples of a workflow.
    pub(crate) fn examples(workflow: &WorkflowSid) -> Self {
        Self::lettered(Table::Library, library::EXAMPLE).sid(workflow.as_str(), WorkflowSid::PREFIX)
    }

    pub(crate) fn tally(workflow: &WorkflowSid, number: u32) -> Self {
        Self::tallies(workflow).bytes(&number.to_be_bytes())
    }

    /// Prefix of the tallies of a workflow's versions.
    pub(crate) fn tallies(workflow: &WorkflowSid) -> Self {
        Self::lettered(Table::Library, library::TALLY).sid(workflow.as_str(), WorkflowSid::PREFIX)
    }

    pub(crate) fn benchmark(benchmark: &BenchmarkSid) -> Self {
        Self::lettered(Table::Library, library::BENCHMARK).sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    pub(crate) fn plan(benchmark: &BenchmarkSid) -> Self {
        Self::lettered(Table::Library, library::PLAN).sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    pub(crate) fn measurement(benchmark: &BenchmarkSid, index: u32) -> Self {
        Self::measurements(benchmark).bytes(&index.to_be_bytes())
    }

    /// Prefix of the measured runs of a benchmark.
    pub(crate) fn measurements(benchmark: &BenchmarkSid) -> Self {
        Self::lettered(Table::Library, library::MEASUREMENT).sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    pub(crate) fn benchmark_of_workflow(workflow: &WorkflowSid, benchmark: &BenchmarkSid) -> Self {
        Self::benchmarks_of_workflow(workflow).sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    /// Prefix of the index of a workflow's benchmarks.
    pub(crate) fn benchmarks_of_workflow(workflow: &WorkflowSid) -> Self {
        Self::lettered(Table::Index, index::BENCHMARK_OF_WORKFLOW).sid(workflow.as_str(), WorkflowSid::PREFIX)
    }

    pub(crate) fn benchmark_of_version(
        workflow: &WorkflowSid,
        number: u32,
        benchmark: &BenchmarkSid,
    ) -> Self {
        Self::benchmarks_of_version(workflow, number).sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    /// Prefix of the index of a version's benchmarks.
    pub(crate) fn benchmarks_of_version(workflow: &WorkflowSid, number: u32) -> Self {
        Self::lettered(Table::Index, index::BENCHMARK_OF_VERSION)
            .sid(workflow.as_str(), WorkflowSid::PREFIX)
            .bytes(&number.to_be_bytes())
    }

    pub(crate) fn running_benchmark(benchmark: &BenchmarkSid) -> Self {
        Self::running_benchmarks().sid(benchmark.as_str(), BenchmarkSid::PREFIX)
    }

    /// Prefix of the index of benchmarks that have not ended.
    pub(crate) fn running_benchmarks() -> Self {
        Self::lettered(Table::Index, index::RUNNING_BENCHMARK)
    }

    pub(crate) fn unfinished(play: &PlaySid) -> Self {
        Self::all_unfinished().sid(play.as_str(), PlaySid::PREFIX)
    }

    /// Prefix of the index of plays that are not terminal.
    pub(crate) fn all_unfinished() -> Self {
        Self::lettered(Table::Index, index::UNFINISHED)
    }

    pub(crate) fn idempotency(key: &str) -> Self {
        Self::lettered(Table::Index, index::IDEMPOTENCY).text(key)
    }

    pub(crate) fn resume_of_play(play: &PlaySid, resume: &ResumeId) -> Self {
        Self::resumes_of_play(play).sid(resume.as_str(), ResumeId::PREFIX)
    }

    /// Prefix of the index of all questions of a play.
    pub(crate) fn resumes_of_play(play: &PlaySid) -> Self {
        Self::lettered(Table::Index, index::RESUME_OF_PLAY).sid(play.as_str(), PlaySid::PREFIX)
    }

    pub(crate) fn open_resume(resume: &ResumeId) -> Self {
        Self::open_resumes().sid(resume.as_str(), ResumeId::PREFIX)
    }

    /// Prefix of the index of open questions.
    pub(crate) fn open_resumes() -> Self {
        Self::lettered(Table::Index, index::OPEN_RESUME)
    }

    pub(crate) fn digest(digest: &str) -> Self {
        Self::lettered(Table::Index, index::DIGEST).text(digest)
    }

    pub(crate) fn number(workflow: &WorkflowSid, number: u32) -> Self {
        Self::numbers(workflow).bytes(&number.to_be_bytes())
    }

    /// Prefix of the index of a workflow's versions by their numbers.
    pub(crate) fn numbers(workflow: &WorkflowSid) -> Self {
        Self::lettered(Table::Index, index::NUMBER).sid(workflow.as_str(), WorkflowSid::PREFIX)
    }

    pub(crate) fn name(name: &str) -> Self {
        Self::lettered(Table::Index, index::NAME).text(name)
    }

    pub(crate) fn artifact(play: &PlaySid, name: &str) -> Self {
        Self::artifacts(play).text(name)
    }

    /// Prefix of all artifacts of a play.
    pub(crate) fn artifacts(play: &PlaySid) -> Self {
        Self::lettered(Table::Artifacts, artifacts::OF_PLAY).sid(play.as_str(), PlaySid::PREFIX)
    }

    /// A digest has a fixed length, so it may stand before more.
    pub(crate) fn artifact_with_digest(digest: &str, play: &PlaySid, name: &str) -> Self {
        Self::artifacts_with_digest(digest).sid(play.as_str(), PlaySid::PREFIX).text(name)
    }

    /// Prefix of the index of artifacts by their content.
    pub(crate) fn artifacts_with_digest(digest: &str) -> Self {
        Self::lettered(Table::Artifacts, artifacts::WITH_DIGEST).text(digest)
    }

    /// The least key above every key that starts with this one.
    pub(crate) fn after_prefix(&self) -> Vec<u8> {
        let mut end = self.bytes.clone();
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                return end;
            }
        }
        // The empty prefix: every key starts with a letter or an id, both ASCII.
        vec![u8::MAX]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sid<T: std::str::FromStr<Err = hero_sdk::Error>>(prefix: &str, ulid: &str) -> T {
        format!("{prefix}{ulid}").parse().unwrap()
    }

    prop_compose! {
        /// Ids that often differ in one character only.
        fn ulid()(text in "[0-9a-z]{2}") -> String {
            format!("01jd{text}{}", "0".repeat(20))
        }
    }

    proptest! {
        /// Keys sort as what they stand for, and no key lies outside its prefix.
        #[test]
        fn the_order_of_keys_is_the_order_of_ids_and_numbers(
            one in ulid(), other in ulid(), first: u64, second: u64, path in ".{0,40}",
        ) {
            let digest = "0123456789abcdef".repeat(4);
            let (play, next): (PlaySid, PlaySid) = (sid("play_", &one), sid("play_", &other));
            prop_assert_eq!(Key::play(&play).cmp(&Key::play(&next)), play.cmp(&next));
            prop_assert_eq!(Key::unfinished(&play).cmp(&Key::unfinished(&next)), play.cmp(&next));
            let by_change = Key::change(&play, first).cmp(&Key::change(&next, second));
            prop_assert_eq!(by_change, (&play, first).cmp(&(&next, second)));
            let (flow, resume): (WorkflowSid, ResumeId) = (sid("wf_", &one), sid("ask_", &other));
            let bench: BenchmarkSid = sid("bench_", &one);
            let numbers = (first as u32, second as u32);
            prop_assert_eq!(Key::number(&flow, numbers.0).cmp(&Key::number(&flow, numbers.1)), numbers.0.cmp(&numbers.1));

            for (prefix, key) in [
                (Key::all_plays(), Key::play(&play)),
                (Key::records(&play), Key::record(&play, &path)),
                (Key::changes(&play), Key::change(&play, first)),
                (Key::workflows(), Key::workflow(&flow)),
                (Key::examples(&flow), Key::example(&flow, &path)),
                (Key::tallies(&flow), Key::tally(&flow, numbers.0)),
                (Key::measurements(&bench), Key::measurement(&bench, numbers.0)),
                (Key::benchmarks_of_workflow(&flow), Key::benchmark_of_workflow(&flow, &bench)),
                (
                    Key::benchmarks_of_version(&flow, numbers.0),
                    Key::benchmark_of_version(&flow, numbers.0, &bench),
                ),
                (Key::running_benchmarks(), Key::running_benchmark(&bench)),
                (Key::all_unfinished(), Key::unfinished(&play)),
                (Key::resumes_of_play(&play), Key::resume_of_play(&play, &resume)),
                (Key::open_resumes(), Key::open_resume(&resume)),
                (Key::artifacts(&play), Key::artifact(&play, &path)),
                (Key::artifacts_with_digest(&digest), Key::artifact_with_digest(&digest, &play, &path)),
            ] {
                prop_assert_eq!(prefix.table, key.table);
                prop_assert!(prefix.bytes <= key.bytes && key.bytes < prefix.after_prefix());
            }
            if play != next {
                let foreign = Key::record(&next, &path).bytes;
                prop_assert!(foreign < Key::records(&play).bytes || foreign >= Key::records(&play).after_prefix());
            }
        }

        /// Two rows never share a place, however long their texts are.
        #[test]
        fn different_texts_have_different_keys(one in ".{0,5}", length in 1000usize..1100, other in ".{0,5}") {
            let long = |tail: &str| "x".repeat(length) + tail;
            let key = |text: &str| Key::name(text);
            prop_assert_eq!(one == other, key(&one) == key(&other));
            prop_assert_eq!(one == other, key(&long(&one)) == key(&long(&other)));
            prop_assert!(key(&one) != key(&long(&other)));
            prop_assert!(key(&long(&one)).bytes.len() <= KEY_TEXT_BYTES_MAX + 1);
        }
    }

    #[test]
    fn letters_of_a_table_differ() {
        let (play, flow, resume) = (PlaySid::new(), WorkflowSid::new(), ResumeId::new());
        let benchmark = BenchmarkSid::new();
        let keys = [
            Key::unfinished(&play),
            Key::idempotency(""),
            Key::resume_of_play(&play, &resume),
            Key::open_resume(&resume),
            Key::digest(""),
            Key::number(&flow, 1),
            Key::name(""),
            Key::benchmark_of_workflow(&flow, &benchmark),
            Key::benchmark_of_version(&flow, 1, &benchmark),
            Key::running_benchmark(&benchmark),
        ];
        let in_library = [
            Key::workflow(&flow),
            Key::version(&VersionSid::new()),
            Key::example(&flow, ""),
            Key::tally(&flow, 1),
            Key::benchmark(&benchmark),
            Key::plan(&benchmark),
            Key::measurement(&benchmark, 1),
        ];
        for keys in [keys.as_slice(), &in_library] {
            let mut letters: Vec<u8> = keys.iter().map(|key| key.bytes[0]).collect();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), keys.len());
        }
    }
}
