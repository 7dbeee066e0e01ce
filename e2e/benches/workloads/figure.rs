//! One measured figure: what, how much, what it should be, and what the machine itself takes.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Result;

/// A figure, as it is printed in one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The workload, `W1` to `W10`.
    pub(crate) workload: String,
    /// What was measured.
    pub(crate) what: String,
    /// How much.
    pub(crate) value: f64,
    /// In which unit.
    pub(crate) unit: String,
    /// What it should reach.
    pub(crate) target: Option<f64>,
    /// Whether more is better.
    pub(crate) more_is_better: bool,
    /// How many times it was measured.
    pub(crate) samples: usize,
    /// What the machine takes for the least that this needs.
    pub(crate) floor: Option<Floor>,
}

/// The machine's own figure, measured in the same run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Floor {
    /// What was measured.
    pub(crate) what: String,
    /// How much, in the unit of the figure.
    pub(crate) value: f64,
}

impl Figure {
    /// A figure of which less is better, measured once.
    pub(crate) fn new(workload: &str, what: &str, value: f64, unit: &str) -> Self {
        Self {
            workload: workload.to_owned(),
            what: what.to_owned(),
            value,
            unit: unit.to_owned(),
            target: None,
            more_is_better: false,
            samples: 1,
            floor: None,
        }
    }

    /// A rate: more is better.
    pub(crate) fn rate(mut self) -> Self {
        self.more_is_better = true;
        self
    }

    pub(crate) fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    pub(crate) fn floor(mut self, what: &str, value: f64) -> Self {
        self.floor = Some(Floor { what: what.to_owned(), value });
        self
    }

    /// Prints it, at once.
    pub(crate) fn print(&self) -> Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }

    /// The line above a table of figures.
    pub(crate) fn heading() -> String {
        format!("    {:<46} {:>16} {:>16}  {}", "", "measured", "wanted", "the machine")
    }

    fn is_reached(&self) -> Option<bool> {
        let target = self.target?;
        Some(if self.more_is_better { self.value >= target } else { self.value <= target })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.is_reached() {
            Some(true) => "✓",
            Some(false) => "✗",
            None => " ",
        };
        let measured = format!("{} {}", short(self.value), self.unit);
        let sign = if self.more_is_better { "≥" } else { "≤" };
        let wanted =
            self.target.map_or(String::new(), |target| format!("{sign} {} {}", short(target), self.unit));
        write!(f, "  {mark} {:<46} {measured:>16} {wanted:>16}", self.what)?;
        match &self.floor {
            Some(floor) => write!(f, "  {} {}: {}", short(floor.value), self.unit, floor.what),
            None => Ok(()),
        }
    }
}

/// Three digits, or all before the point.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The value below which this share of the times lies, in milliseconds. Sorts them.
pub(crate) fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a length is an index"
    )]
    let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(index).map_or(f64::NAN, |time| milliseconds(*time))
}

/// The one in the middle. Sorts them.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
