//! How a workflow or a version has fared, in a line.

use hero_sdk::model::Statistics;

use crate::cli::{
    bench::words::percent,
    facts::utc,
    tree::{cost, duration},
};

/// Runs, how many of them gave a result, how long and how dear they were, and when the last one was.
pub(crate) fn evidence(statistics: &Statistics) -> String {
    let Statistics { runs, success_rate, latency_p50_ms, latency_p95_ms, cost_p50_usd, last_run_at, .. } =
        statistics;
    if *runs == 0 {
        return "never run".to_owned();
    }
    let mut parts = vec![if *runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }];
    parts.extend(success_rate.map(|rate| format!("{} succeeded", percent(rate))));
    parts.extend(latency_p50_ms.map(|milliseconds| format!("p50 {}", duration(milliseconds))));
    parts.extend(latency_p95_ms.map(|milliseconds| format!("p95 {}", duration(milliseconds))));
    let median = cost_p50_usd.map(cost).filter(|cost| !cost.is_empty());
    parts.extend(median.map(|cost| format!("median {cost}")));
    parts.extend(last_run_at.map(|at| format!("last {}", utc(at))));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::MOMENT;

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        assert_eq!(evidence(&Statistics::default()), "never run");
        let cancelled =
            Statistics { runs: 1, cancelled: 1, last_run_at: Some(MOMENT), ..Statistics::default() };
        assert_eq!(evidence(&cancelled), "1 run, last 2025-11-23 20:33:20 UTC");
        let fared = Statistics {
            runs: 12,
            success_rate: Some(0.916),
            latency_p50_ms: Some(40.0),
            latency_p95_ms: Some(1_200.0),
            cost_p50_usd: Some(0.002),
            ..cancelled
        };
        let told =
            "12 runs, 91.6 % succeeded, p50 40 ms, p95 1.2 s, median $0.0020, last 2025-11-23 20:33:20 UTC";
        assert_eq!(evidence(&fared), told);
    }
}
