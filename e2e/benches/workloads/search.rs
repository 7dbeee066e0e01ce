//! W10: the search of the library: how good it is beside plain BM25, and how fast and large over very many workflows.

use std::{
    collections::BTreeMap,
    fs, thread,
    time::{Duration, Instant},
};

use hero_actors::search::{Document, Index, Ingredients, Outcome, Plain, Quality, Query};

use crate::{
    Result,
    figure::{Figure, percentile},
    many::Maker,
    set::{Library, Question},
};

/// Workflows in the large library.
const WORKFLOWS: usize = 100_000;
/// Threads that put them into the index.
const LOADERS: usize = 2;
/// Questions that it is asked.
const QUESTIONS: usize = 1_000;
/// Workflows that are written again, each seen before the next.
const WRITES: usize = 300;

pub(crate) fn measure() -> Result<()> {
    measure_quality()?;
    measure_speed()
}

/// On the half of the questions that nothing was tuned by.
fn measure_quality() -> Result<()> {
    let library = Library::load();
    let questions: Vec<Question> =
        Question::load().into_iter().filter(|question| question.split == "test").collect();
    let (index, plain) = (library.index(Ingredients::ALL)?, Plain::new(&library.documents)?);
    let (mut ours, mut others) = (Kinds::new(), Kinds::new());
    for question in &questions {
        ours.entry("all").or_default().push(library.ask(&index, question)?);
        others.entry("all").or_default().push(library.ask_plain(&plain, question)?);
        ours.entry(&question.kind).or_default().push(library.ask(&index, question)?);
        others.entry(&question.kind).or_default().push(library.ask_plain(&plain, question)?);
    }
    for (kind, outcomes) in &ours {
        let other = Quality::of(others.get(kind).into_iter().flatten());
        let quality = Quality::of(outcomes);
        for (what, value, other) in [
            ("recall at 5", quality.recall_at_5, other.recall_at_5),
            ("MRR", quality.mrr, other.mrr),
            ("abstained, rightly", quality.abstained, other.abstained),
            ("abstained, wrongly", quality.falsely_abstained, other.falsely_abstained),
        ] {
            let (Some(value), Some(other)) = (value, other) else { continue };
            let figure = Figure::new("W10", &format!("{kind}: {what}"), value, "").samples(quality.queries);
            let figure = if what.ends_with("wrongly") { figure } else { figure.rate() };
            figure.floor("plain BM25", other).print()?;
        }
    }
    Ok(())
}

/// Outcomes by the kind of question.
type Kinds<'a> = BTreeMap<&'a str, Vec<Outcome>>;

fn measure_speed() -> Result<()> {
    let mut maker = Maker::new();
    let documents: Vec<Document> = (0..WORKFLOWS).map(|number| maker.document(number)).collect();
    let before = resident_mb()?;
    let start = Instant::now();
    let index = Index::new(Ingredients::ALL)?;
    let put = |part: &[Document]| part.iter().try_for_each(|document| index.put(document));
    thread::scope(|scope| {
        let threads =
            documents.chunks(WORKFLOWS.div_ceil(LOADERS)).map(|part| scope.spawn(move || put(part)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
    })?;
    index.commit()?;
    let loaded = start.elapsed();
    let figure = |what: &str, value, unit, target| {
        Figure::new("W10", &format!("{WORKFLOWS} workflows: {what}"), value, unit).target(target)
    };
    figure("index them", loaded.as_secs_f64(), "s", 5.0).print()?;
    figure("memory after it", resident_mb()? - before, "MB", 200.0).print()?;

    let questions: Vec<Query> = (0..QUESTIONS)
        .filter_map(|number| documents.get(number * 97 % WORKFLOWS))
        .map(|document| Query::new(&maker.question(document)))
        .collect();
    let mut times = searches(&index, &questions)?;
    figure("search, p50", percentile(&mut times, 0.5), "ms", 20.0).samples(QUESTIONS).print()?;
    figure("search, p99", percentile(&mut times, 0.99), "ms", 100.0).samples(QUESTIONS).print()?;

    let mut times = Vec::new();
    for number in 0..WRITES {
        let document = maker.document(number * 331 % WORKFLOWS);
        let start = Instant::now();
        index.put(&document)?;
        index.commit()?;
        times.push(start.elapsed());
    }
    figure("a write is seen, p50", percentile(&mut times, 0.5), "ms", 100.0).samples(WRITES).print()?;
    figure("a write is seen, p99", percentile(&mut times, 0.99), "ms", 100.0).samples(WRITES).print()?;
    let mut times = searches(&index, &questions)?;
    figure("search after the writes, p50", percentile(&mut times, 0.5), "ms", 20.0)
        .samples(QUESTIONS)
        .print()?;
    figure("memory after all", resident_mb()? - before, "MB", 200.0).print()
}

fn searches(index: &Index, questions: &[Query]) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut found = 0;
    for question in questions {
        let start = Instant::now();
        found += index.search(question)?.hits.len();
        times.push(start.elapsed());
    }
    if found < questions.len() {
        return Err(format!("{found} hits of {} questions", questions.len()).into());
    }
    Ok(times)
}

/// Memory of this process that is resident.
pub(crate) fn resident_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the kernel says it")?;
    let kilobytes: f64 = line.split_whitespace().next().ok_or("it is a number")?.parse()?;
    Ok(kilobytes / 1024.0)
}
