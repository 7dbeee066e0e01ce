//! How good a search is, measured on questions whose answers are written down. Pure: hits in, figures out.

use hero_sdk::WorkflowSid;

/// One question's outcome.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What answers the question; empty if nothing does.
    pub relevant: Vec<WorkflowSid>,
    /// What was returned, best first.
    pub returned: Vec<WorkflowSid>,
}

/// The figures of some questions. Each is `None` where no question could tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Questions.
    pub queries: usize,
    /// Of the relevant ones the share among the first five, or of five where there are more; mean over the questions
    /// that something answers.
    pub recall_at_5: Option<f64>,
    /// One divided by the place of the first relevant one; mean over the same questions.
    pub mrr: Option<f64>,
    /// Share of the questions that nothing answers for which nothing was returned.
    pub abstained: Option<f64>,
    /// Share of the questions that something answers for which nothing was returned.
    pub falsely_abstained: Option<f64>,
}

impl Quality {
    /// The figures of these outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let outcomes: Vec<&Outcome> = outcomes.into_iter().collect();
        let queries = outcomes.len();
        let (answered, none): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.into_iter().partition(|outcome| !outcome.relevant.is_empty());
        let returned_none = |outcome: &&Outcome| f64::from(outcome.returned.is_empty());
        Self {
            queries,
            recall_at_5: mean(answered.iter().map(|outcome| outcome.recall_at_5())),
            mrr: mean(answered.iter().map(|outcome| outcome.reciprocal_rank())),
            abstained: mean(none.iter().map(returned_none)),
            falsely_abstained: mean(answered.iter().map(returned_none)),
        }
    }
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "five at most")]
    fn recall_at_5(&self) -> f64 {
        let found = self.returned.iter().take(5).filter(|sid| self.relevant.contains(sid)).count();
        found as f64 / self.relevant.len().clamp(1, 5) as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "a place is a small number")]
    fn reciprocal_rank(&self) -> f64 {
        let place = self.returned.iter().position(|sid| self.relevant.contains(sid));
        place.map_or(0.0, |place| 1.0 / (place + 1) as f64)
    }
}

#[expect(clippy::cast_precision_loss, reason = "few questions")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(relevant: &[usize], returned: &[usize]) -> Outcome {
        let sids = |numbers: &[usize]| {
            numbers.iter().map(|number| format!("wf_{number:026}").parse().unwrap()).collect()
        };
        Outcome { relevant: sids(relevant), returned: sids(returned) }
    }

    #[test]
    fn figures_are_those_of_their_definitions() {
        let outcomes = [
            outcome(&[1], &[1, 2]),
            outcome(&[1, 2], &[3, 2]),
            outcome(&[9], &[1, 2, 3, 4, 5, 9]),
            outcome(&[1], &[]),
            outcome(&[], &[]),
            outcome(&[], &[7]),
        ];
        let quality = Quality::of(&outcomes);
        assert_eq!(quality.queries, 6);
        assert_eq!(quality.recall_at_5, Some(1.5 / 4.0));
        assert_eq!(quality.mrr, Some((1.0 + 0.5 + 1.0 / 6.0) / 4.0));
        assert_eq!(quality.abstained, Some(0.5));
        assert_eq!(quality.falsely_abstained, Some(0.25));
        assert_eq!(Quality::of(&[]), Quality::default());
    }
}
