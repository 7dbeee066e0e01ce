//! The numbers of the runtime and of the server, as text of Prometheus:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write as _;

use hero_sdk::logic::{Latencies, Metrics, PlayCount, ServerInfo};

use super::meters::{BUCKETS_S, Meters, Streams};

/// What the text is.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All numbers.
pub(crate) fn text(info: &ServerInfo, metrics: &Metrics, meters: &Meters) -> String {
    let mut text = Text::default();
    text.family("build_info", "gauge", "What runs: always 1.");
    let build = [("version", info.version.as_str()), ("python", info.python_version.as_str())];
    text.sample("build_info", &build, 1.0);

    text.family("plays", "gauge", "Plays that have not ended, by where they stand.");
    text.plays("plays", &metrics.plays);
    text.family("plays_ended_total", "counter", "Plays that have ended, by how.");
    text.plays("plays_ended_total", &metrics.plays_ended);
    text.family("plays_running", "gauge", "Plays that have a process.");
    text.sample("plays_running", &[], f64::from(info.plays_running));
    text.family("queue_length", "gauge", "Plays that wait for a place.");
    text.sample("queue_length", &[], f64::from(metrics.queued));

    text.family("play_start_seconds", "histogram", "From a play's acceptance to its first process.");
    text.latencies("play_start_seconds", &metrics.start);
    text.family("step_commit_seconds", "histogram", "From the outcome of a step to the disk.");
    text.latencies("step_commit_seconds", &metrics.commit);
    text.family("spans_written_total", "counter", "Changes of nodes that were written.");
    text.sample("spans_written_total", &[], metrics.spans_written as f64);
    text.family("store_bytes", "gauge", "Size of the store's files.");
    text.sample("store_bytes", &[], metrics.store_bytes as f64);
    text.family("restarts_total", "counter", "New beginnings of what had ended by itself.");
    for (what, count) in &metrics.restarts {
        text.sample("restarts_total", &[("what", what)], *count as f64);
    }

    text.family("event_streams", "gauge", "Open streams of events, of one play or of all.");
    for (which, name) in Streams::ALL {
        text.sample("event_streams", &[("of", name)], meters.open_streams(which) as f64);
    }
    text.family("rpc_calls_total", "counter", "Calls, by method and by how they ended.");
    for calls in meters.calls() {
        for (outcome, count) in calls.outcomes() {
            text.sample("rpc_calls_total", &[("method", calls.method), ("outcome", outcome)], count as f64);
        }
    }
    text.family("rpc_seconds", "histogram", "How long calls took, with what they waited for.");
    for calls in meters.calls() {
        let (counts, sum) = calls.latencies();
        text.histogram("rpc_seconds", &[("method", calls.method)], &BUCKETS_S, &counts, sum);
    }
    text.0
}

/// Lines of text. Every name begins with the program's.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP hero_logic_{name} {help}"));
        self.line(format_args!("# TYPE hero_logic_{name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        if labels.is_empty() {
            return self.line(format_args!("hero_logic_{name} {value}"));
        }
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        self.line(format_args!("hero_logic_{name}{{{}}} {value}", labels.join(",")));
    }

    fn plays(&mut self, name: &str, counts: &[PlayCount]) {
        for PlayCount { status, count } in counts {
            self.sample(name, &[("status", status.as_str())], *count as f64);
        }
    }

    fn latencies(&mut self, name: &str, latencies: &Latencies) {
        let bounds: Vec<f64> = latencies.buckets.iter().map(|bucket| bucket.up_to_ms / 1000.0).collect();
        let mut counts: Vec<u64> = latencies.buckets.iter().map(|bucket| bucket.count).collect();
        counts.push(latencies.count - counts.iter().sum::<u64>());
        self.histogram(name, &[], &bounds, &counts, latencies.sum_ms / 1000.0);
    }

    /// Of counts by bucket, one more than there are ends of buckets.
    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], bounds: &[f64], counts: &[u64], sum: f64) {
        let ends = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut below = 0;
        for (end, count) in ends.zip(counts) {
            below += count;
            let labels = [labels, &[("le", end.as_str())]].concat();
            self.sample(&format!("{name}_bucket"), &labels, below as f64);
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, below as f64);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a String does not fail");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
