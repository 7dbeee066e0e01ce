//! Versions that differ by construction: what is picked, what is excluded, and what luck is worth.

use proptest::prelude::*;

use super::*;

/// A version whose runs each cost that many USD, took that many milliseconds and were right that often.
fn version(version: u32, runs: u64, cost_usd: f64, latency_ms: f64, right: u64) -> Candidate {
    let mut candidate = Candidate { version, successes: (runs, runs), ..Candidate::default() };
    for run in 0..runs {
        // A little around the mean, as real ones are.
        let around = 1.0 + 0.1 * (run % 3) as f64 - 0.1;
        candidate.cost.add((cost_usd * around * COST_UNITS) as u64);
        candidate.latency.add((latency_ms * around * LATENCY_UNITS) as u64);
        candidate.scores.add(if run < right { SCORE_UNITS as u64 } else { 0 });
    }
    candidate
}

fn weights(cost: f64, speed: f64, accuracy: f64) -> Weights {
    Weights { cost, speed, accuracy }
}

fn picked(candidates: &[Candidate], weights: Weights, limits: Limits) -> u32 {
    pick(candidates, &weights, &limits).unwrap().scores.first().unwrap().version
}

/// One is cheap, one fast, one right.
fn three() -> [Candidate; 3] {
    [version(1, 50, 0.001, 900.0, 40), version(2, 50, 0.01, 100.0, 42), version(3, 50, 0.02, 800.0, 50)]
}

#[test]
fn each_weight_picks_the_version_that_is_best_by_it() {
    let all = three();
    for (weights, best) in [
        (weights(1.0, 0.0, 0.0), 1),
        (weights(0.0, 1.0, 0.0), 2),
        (weights(0.0, 0.0, 1.0), 3),
        (weights(5.0, 1.0, 1.0), 1),
        (weights(1.0, 5.0, 1.0), 2),
        (weights(0.1, 0.1, 10.0), 3),
        // Only the ratio counts.
        (weights(1e-9, 0.0, 0.0), 1),
        (weights(0.0, 1e12, 0.0), 2),
        (weights(1e307, 1e308, 1e307), 2),
        (weights(f64::MAX, 0.0, 0.0), 1),
    ] {
        assert_eq!(picked(&all, weights, Limits::default()), best, "{weights:?}");
    }
}

#[test]
fn each_limit_excludes_before_anything_is_weighed() {
    let all = three();
    let none = Limits::default();
    for (limits, weights, best) in [
        (Limits { max_cost_usd: Some(0.015), ..none }, weights(0.0, 0.0, 1.0), 2),
        (Limits { max_p95_ms: Some(500.0), ..none }, weights(1.0, 0.0, 0.0), 2),
        (Limits { min_accuracy: Some(0.9), ..none }, weights(1.0, 1.0, 0.0), 3),
        (
            Limits { max_cost_usd: Some(0.015), max_p95_ms: Some(1_500.0), min_accuracy: None },
            weights(0.0, 0.0, 1.0),
            2,
        ),
    ] {
        let choice = pick(&all, &weights, &limits).unwrap();
        assert_eq!(choice.scores[0].version, best, "{limits:?}");
        let excluded: Vec<&VersionScore> = choice.scores.iter().filter(|row| row.score.is_none()).collect();
        assert!(!excluded.is_empty() && excluded.iter().all(|row| !row.excluded.is_empty()), "{choice:?}");
        // The best of the rest is the scale.
        let rest = || choice.scores.iter().filter(|row| row.score.is_some());
        for of in
            [|row: &VersionScore| row.cost, |row: &VersionScore| row.speed, |row: &VersionScore| row.accuracy]
        {
            let best = rest().filter_map(of).map(|measure| measure.normalised).fold(0.0, f64::max);
            assert_eq!(best, 1.0, "{limits:?}: {choice:?}");
        }
        // They come last.
        assert!(choice.scores.iter().rev().take(excluded.len()).all(|row| row.score.is_none()));
    }
}

#[test]
fn limits_that_exclude_all_say_which_and_by_how_much() {
    let limits = Limits { max_cost_usd: Some(0.0005), min_accuracy: Some(0.99), ..Limits::default() };
    let error = pick(&three(), &weights(1.0, 0.0, 0.0), &limits).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoVersionFits);
    for part in [
        "version 1:",
        "version 2:",
        "version 3:",
        "max_cost_usd 0.0005 USD: up to 0.0010 USD",
        "too high",
        "too low",
        "in 50 runs",
    ] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    assert!(error.hint.is_some());
    // What was never measured keeps no limit.
    let never = [Candidate { version: 1, ..Candidate::default() }];
    let error = pick(&never, &weights(1.0, 0.0, 0.0), &limits).unwrap_err();
    assert!(error.message.contains("nothing was measured"), "{}", error.message);
}

#[test]
fn one_lucky_run_does_not_win() {
    let solid = version(1, 100, 0.01, 200.0, 90);
    let mut lucky = version(2, 1, 0.0095, 190.0, 1);
    assert_eq!(lucky.scores.mean(), Some(SCORE_UNITS), "it was right each time");
    for weights in
        [weights(0.0, 0.0, 1.0), weights(1.0, 0.0, 0.0), weights(0.0, 1.0, 0.0), weights(1.0, 1.0, 1.0)]
    {
        assert_eq!(picked(&[solid.clone(), lucky.clone()], weights, Limits::default()), 1, "{weights:?}");
    }
    // Nor does it keep a limit that the other just fails.
    let limits = Limits { min_accuracy: Some(0.95), ..Limits::default() };
    assert!(pick(&[solid.clone(), lucky.clone()], &weights(0.0, 0.0, 1.0), &limits).is_err());
    // With as much behind it it wins.
    lucky = version(2, 100, 0.009, 150.0, 100);
    assert_eq!(picked(&[solid, lucky], weights(1.0, 1.0, 1.0), limits), 2);
}

#[test]
fn what_never_gave_a_result_is_not_cheap() {
    let broken =
        Candidate { successes: (0, 50), latency: Distribution::default(), ..version(2, 50, 0.0, 1.0, 0) };
    let all = [version(1, 50, 0.5, 900.0, 50), broken];
    assert_eq!(picked(&all, weights(1.0, 0.0, 0.0), Limits::default()), 1);
    let within = Limits { max_cost_usd: Some(0.1), ..Limits::default() };
    let error = pick(&all, &weights(1.0, 0.0, 0.0), &within).unwrap_err();
    assert!(
        error.message.contains("version 2: max_cost_usd 0.1 USD: nothing was measured"),
        "{}",
        error.message
    );
}

#[test]
fn a_version_that_never_ran_is_not_perfect() {
    let never = Candidate { version: 3, ..Candidate::default() };
    let all = [version(1, 3, 5.0, 60_000.0, 0), never];
    for weights in [weights(1.0, 0.0, 0.0), weights(0.0, 1.0, 0.0), weights(1.0, 1.0, 1.0)] {
        assert_eq!(picked(&all, weights, Limits::default()), 1);
    }
}

#[test]
fn a_tie_is_the_current_version_then_the_newest() {
    let mut all =
        [version(1, 10, 0.01, 100.0, 10), version(2, 10, 0.01, 100.0, 10), version(3, 10, 0.01, 100.0, 10)];
    let even = weights(1.0, 1.0, 1.0);
    assert_eq!(picked(&all, even, Limits::default()), 3);
    all[0].is_current = true;
    let choice = pick(&all, &even, &Limits::default()).unwrap();
    assert_eq!(choice.scores.iter().map(|row| row.version).collect::<Vec<_>>(), [1, 3, 2]);
    assert!(choice.reason.contains("the same as version 3, and it is the current one"), "{}", choice.reason);
    // Nothing is known of any: the current one stays.
    let never =
        [1, 2].map(|number| Candidate { version: number, is_current: number == 1, ..Candidate::default() });
    assert_eq!(picked(&never, even, Limits::default()), 1);
}

#[test]
fn without_benchmarks_it_counts_how_often_runs_succeed() {
    let of = |number, successes| Candidate { version: number, successes, ..Candidate::default() };
    let all = [of(1, (50, 100)), of(2, (95, 100)), of(3, (1, 1))];
    let choice = pick(&all, &weights(0.0, 0.0, 1.0), &Limits::default()).unwrap();
    assert_eq!(choice.scores[0].version, 2);
    assert!(choice.reason.contains("success rate"), "{}", choice.reason);
    // That is no accuracy.
    let limits = Limits { min_accuracy: Some(0.5), ..Limits::default() };
    assert!(pick(&all, &weights(0.0, 0.0, 1.0), &limits).is_err());
}

#[test]
fn what_is_free_is_cheapest() {
    let all = [version(1, 20, 0.0, 100.0, 20), version(2, 20, 0.000_001, 100.0, 20)];
    assert_eq!(picked(&all, weights(1.0, 0.0, 0.0), Limits::default()), 1);
    let limits = Limits { max_cost_usd: Some(0.0), ..Limits::default() };
    assert_eq!(picked(&all, weights(0.0, 0.0, 1.0), limits), 1);
}

#[test]
fn weights_and_limits_that_are_none_are_refused() {
    let none = Limits::default();
    for (weights, limits, pointer) in [
        (weights(0.0, 0.0, 0.0), none, "/weights"),
        (weights(-1.0, 2.0, 0.0), none, "/weights/cost"),
        (weights(1.0, f64::NAN, 0.0), none, "/weights/speed"),
        (weights(1.0, 0.0, f64::INFINITY), none, "/weights/accuracy"),
        (weights(1.0, 0.0, 0.0), Limits { min_accuracy: Some(1.5), ..none }, "/limits/min_accuracy"),
        (weights(1.0, 0.0, 0.0), Limits { max_cost_usd: Some(-0.1), ..none }, "/limits/max_cost_usd"),
        (weights(1.0, 0.0, 0.0), Limits { max_p95_ms: Some(f64::NAN), ..none }, "/limits/max_p95_ms"),
    ] {
        let error = check(&weights, &limits).unwrap_err();
        assert_eq!((error.code, error.fields[0].pointer.as_str()), (ErrorCode::InvalidParams, pointer));
        assert!(error.hint.is_some());
    }
    check(&weights(0.0, 0.0, 0.1), &Limits { min_accuracy: Some(1.0), ..none }).unwrap();
}

proptest! {
    /// Whatever is known: scores are shares, in order, and the first keeps every limit.
    #[test]
    fn a_choice_is_in_order(
        versions in prop::collection::vec((0..40u64, 0.0..1.0f64, 0.1..1e5f64, 0.0..=1.0f64), 1..8),
        cost in 0.0..1.0f64, speed in 0.0..1.0f64, accuracy in 0.001..1.0f64,
        max_cost in prop::option::of(0.0..1.0f64), min_accuracy in prop::option::of(0.0..=1.0f64),
    ) {
        let all: Vec<Candidate> = (1..)
            .zip(&versions)
            .map(|(number, (runs, cost, latency, share))| {
                version(number, *runs, *cost, *latency, (*runs as f64 * share) as u64)
            })
            .collect();
        let limits = Limits { max_cost_usd: max_cost, max_p95_ms: None, min_accuracy };
        match pick(&all, &weights(cost, speed, accuracy), &limits) {
            Err(error) => prop_assert_eq!(error.code, ErrorCode::NoVersionFits),
            Ok(choice) => {
                prop_assert_eq!(choice.scores.len(), all.len());
                let scores: Vec<f64> = choice.scores.iter().filter_map(|row| row.score).collect();
                prop_assert!(!scores.is_empty());
                prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{:?}", scores);
                prop_assert!(scores.windows(2).all(|pair| pair[0] >= pair[1] - 2.0 * TIE), "{:?}", scores);
                let first = &choice.scores[0];
                prop_assert!(first.excluded.is_empty());
                if let (Some(limit), Some(cost)) = (max_cost, first.cost) {
                    prop_assert!(cost.bound <= limit && cost.measured <= cost.bound + 1e-12);
                }
            }
        }
    }
}
