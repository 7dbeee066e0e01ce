//! How a workflow or a version has fared, in words.

use hero_sdk::model::Statistics;

use crate::cli::{
    bench::words::percent,
    facts::moment,
    tree::{cost, duration},
};

/// Columns of a day.
const DAY_COLUMNS: usize = 10;

/// Runs, how many of them gave a result, what half of them took and cost at most, and the day of the last one.
pub(crate) fn evidence(statistics: &Statistics) -> String {
    let Statistics { latency_p50_ms, cost_p50_usd, last_run_at, .. } = statistics;
    let median: Vec<String> = latency_p50_ms
        .map(duration)
        .into_iter()
        .chain(cost_p50_usd.map(cost))
        .filter(|text| !text.is_empty())
        .collect();
    let median = (!median.is_empty()).then(|| format!("median {}", median.join(" and ")));
    let day = |text: String| text.get(..DAY_COLUMNS).map(|day| format!("last {day}"));
    let last = last_run_at.map(moment).and_then(day);
    outcomes(statistics).into_iter().chain(median).chain(last).collect::<Vec<_>>().join(", ")
}

/// Runs, how many of them gave a result, how long and how dear they were.
pub(crate) fn figures(statistics: &Statistics) -> String {
    let Statistics { latency_p50_ms, latency_p95_ms, cost_mean_usd, .. } = statistics;
    let p50 = latency_p50_ms.map(|milliseconds| format!("p50 {}", duration(milliseconds)));
    let p95 = latency_p95_ms.map(|milliseconds| format!("p95 {}", duration(milliseconds)));
    let mean = cost_mean_usd.map(cost).filter(|cost| !cost.is_empty()).map(|cost| format!("{cost} a run"));
    outcomes(statistics).into_iter().chain(p50).chain(p95).chain(mean).collect::<Vec<_>>().join(", ")
}

fn outcomes(statistics: &Statistics) -> Vec<String> {
    let runs = match statistics.runs {
        0 => "never run".to_owned(),
        1 => "1 run".to_owned(),
        many => format!("{many} runs"),
    };
    let succeeded = statistics.success_rate.map(|rate| format!("{} succeeded", percent(rate)));
    std::iter::once(runs).chain(succeeded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::MOMENT;

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let told = |statistics: &Statistics| [evidence(statistics), figures(statistics)];
        assert_eq!(told(&Statistics::default()), ["never run", "never run"]);
        let cancelled =
            Statistics { runs: 1, cancelled: 1, last_run_at: Some(MOMENT), ..Statistics::default() };
        assert_eq!(told(&cancelled), ["1 run, last 2025-11-23", "1 run"]);
        let fared = Statistics {
            runs: 12,
            success_rate: Some(0.916),
            latency_p50_ms: Some(40.0),
            latency_p95_ms: Some(1_200.0),
            cost_p50_usd: Some(0.002),
            cost_mean_usd: Some(0.003),
            ..cancelled
        };
        assert_eq!(
            told(&fared),
            [
                "12 runs, 91.6 % succeeded, median 40 ms and $0.0020, last 2025-11-23",
                "12 runs, 91.6 % succeeded, p50 40 ms, p95 1.2 s, $0.0030 a run",
            ]
        );
    }
}
