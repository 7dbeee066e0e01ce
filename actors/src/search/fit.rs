//! How well what a caller can give and wants fits what a flow takes and returns. Knows no index.

use std::collections::HashSet;

use super::{schema::Port, synonyms::Synonyms, words::Words};

/// Fit of two that have the type in common, and not the name.
const TYPE_ONLY: f64 = 0.3;
/// Fit of two whose names mean the same, or partly.
const OTHERWISE: f64 = 0.9;
/// Share of the fit of inputs that what the flow needs has; the rest has what the caller gives.
const NEEDED: f64 = 0.6;
/// Fit of two of which one has no name.
const NAMELESS_FIT: f64 = 0.5;
/// Names that say nothing.
const NAMELESS: &[&str] = &["result", "output", "value", "return", "input", "data"];

/// What a caller named, with everything that it may be called.
pub(super) struct Offer {
    name: String,
    port: Port,
    stems: Vec<HashSet<String>>,
}

impl Offer {
    pub(super) fn new(port: Port, words: &Words, synonyms: &Synonyms) -> Self {
        let stems: Vec<String> = words.list(&port.name).iter().map(|word| words.stem(word)).collect();
        let called = |index: usize| {
            let rest = stems.get(index..).unwrap_or_default();
            let others = synonyms.of(rest).filter(|(length, _)| *length == 1).flat_map(|(_, others)| others);
            let others = others.filter_map(|other| match other.stems.as_slice() {
                [stem] => Some(stem.clone()),
                _ => None,
            });
            rest.first().cloned().into_iter().chain(others).collect()
        };
        Self { name: port.name.to_string(), stems: (0..stems.len()).map(called).collect(), port }
    }

    /// How well it stands for one of a flow, from 0 to 1.
    fn meets(&self, port: &Port, stems: &[String]) -> f64 {
        if !self.port.kinds.meets(port.kinds) {
            return 0.0;
        }
        let is_nameless = |name: &str| name.is_empty() || NAMELESS.contains(&name);
        if is_nameless(&port.name) || is_nameless(&self.name) {
            return NAMELESS_FIT;
        }
        let said = |called: &HashSet<String>| stems.iter().any(|stem| called.contains(stem));
        let common = self.stems.iter().filter(|called| said(called)).count();
        let all = self.stems.len().max(stems.len()).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
        let share = common as f64 / all as f64;
        let share = if *self.name == *port.name { share } else { OTHERWISE * share };
        TYPE_ONLY.mul_add(1.0 - share, share)
    }
}

/// The fit, and which of what was named fits, by its name and that of the flow.
pub(super) struct Fit {
    pub(super) share: f64,
    pub(super) pairs: Vec<(String, String)>,
}

/// How well the flow can be called with what is given.
pub(super) fn of_inputs(offers: &[Offer], ports: &[Port], words: &Words) -> Fit {
    let table = table(offers, ports, words);
    let used = mean(table.iter().map(|row| best(row.iter().copied())));
    let column = |index: usize| best(table.iter().filter_map(|row| row.get(index).copied()));
    let needed = ports.iter().enumerate().filter(|(_, port)| port.is_required);
    let satisfied = mean(needed.map(|(index, _)| column(index)));
    let share = match (used, satisfied) {
        (Some(used), Some(satisfied)) => NEEDED.mul_add(satisfied, (1.0 - NEEDED) * used),
        (used, None) => used.unwrap_or(0.0),
        (None, Some(satisfied)) => satisfied,
    };
    Fit { share, pairs: pairs(&table, offers, ports) }
}

/// How much of what is wanted the flow returns.
pub(super) fn of_outputs(offers: &[Offer], ports: &[Port], words: &Words) -> Fit {
    let table = table(offers, ports, words);
    let share = mean(table.iter().map(|row| best(row.iter().copied()))).unwrap_or(0.0);
    Fit { share, pairs: pairs(&table, offers, ports) }
}

/// Of each that was named, how well it meets each of the flow.
fn table(offers: &[Offer], ports: &[Port], words: &Words) -> Vec<Vec<f64>> {
    let stems: Vec<Vec<String>> = ports
        .iter()
        .map(|port| words.list(&port.name).iter().map(|word| words.stem(word)).collect())
        .collect();
    let row =
        |offer: &Offer| ports.iter().zip(&stems).map(|(port, stems)| offer.meets(port, stems)).collect();
    offers.iter().map(row).collect()
}

fn pairs(table: &[Vec<f64>], offers: &[Offer], ports: &[Port]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (row, offer) in table.iter().zip(offers) {
        let fits = row.iter().zip(ports).max_by(|(one, _), (other, _)| one.total_cmp(other));
        if let Some((_, port)) = fits.filter(|(fit, _)| **fit > NAMELESS_FIT) {
            pairs.push((offer.name.clone(), port.name.to_string()));
        }
    }
    pairs
}

fn best(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}
