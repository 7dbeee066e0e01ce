//! Shares, changes and how sure they are, in words.

use hero_sdk::{logic::Difference, model::Estimate};

use crate::cli::{style::Paint, tree::cost};

/// From which confidence on a difference gets a colour: below it, it may as well be chance.
const SURE: f64 = 0.8;
/// Changes below it are none.
const NOTHING: f64 = 1e-9;

/// A share of 0 to 1 as a percentage: no more digits than it has.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

/// How sure something is, in whole percents; what is not certain is never told as certain.
pub(crate) fn sure(confidence: f64) -> String {
    let percent = (confidence * 100.0).round();
    format!("{:.0} % sure", if confidence < 1.0 { percent.min(99.0) } else { percent })
}

/// At most one digit behind the point; what is not all is never told as all, nor something as nothing.
fn digits(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    let text = if (rounded - rounded.round()).abs() < NOTHING {
        format!("{rounded:.0}")
    } else {
        format!("{rounded:.1}")
    };
    match text.as_str() {
        "100" if number < 100.0 => "99.9".to_owned(),
        "0" | "-0" if number > NOTHING => "0.1".to_owned(),
        "-0" => "0".to_owned(),
        _ => text,
    }
}

/// A share with the interval in which it lies with a confidence of 95 %.
pub(crate) fn share_with_interval(Estimate { mean, low, high }: Estimate) -> String {
    format!("{} ({} to {})", percent(mean), percent(low), percent(high))
}

/// Money, where nothing is something to say.
pub(crate) fn money(usd: f64) -> String {
    if usd > 0.0 { cost(usd) } else { "$0".to_owned() }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// A share, of which more is better; a change is a difference.
    Share,
    /// An amount, of which less is better; a change is a part of it.
    Amount,
}

impl Measure {
    /// Whether a change is one for the better; none where nothing changes.
    pub(crate) fn is_better(self, change: f64) -> Option<bool> {
        if change.abs() < NOTHING {
            return None;
        }
        Some((change > 0.0) == (self == Self::Share))
    }

    /// A change with its sign.
    pub(crate) fn change(self, change: f64) -> String {
        let sign = if change < -NOTHING { "-" } else { "+" };
        match self {
            _ if change.abs() < NOTHING => "the same".to_owned(),
            Self::Amount if change >= f64::MAX => "from nothing".to_owned(),
            _ => format!("{sign}{}", self.amount(change.abs())),
        }
    }

    /// The same without what it is counted in, which a change beside it says.
    pub(crate) fn signed(self, change: f64) -> String {
        match self {
            Self::Amount if change >= f64::MAX => "more".to_owned(),
            _ if change < -NOTHING => format!("-{}", digits(-change * 100.0)),
            _ => format!("+{}", digits(change * 100.0)),
        }
    }

    /// How much a change is, whichever way.
    pub(crate) fn amount(self, change: f64) -> String {
        let unit = if self == Self::Share { "points" } else { "%" };
        format!("{} {unit}", digits(change * 100.0))
    }
}

/// How good a change is: a sign that says it without colour, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `+` better, `-` worse, `=` the same.
    pub(crate) sign: &'static str,
    /// Green, red, or plain where it may be chance.
    pub(crate) paint: Paint,
    /// `worse, 97 % sure`.
    pub(crate) words: String,
}

impl Verdict {
    /// Of a change of which nobody knows how sure it is.
    pub(crate) fn of_change(measure: Measure, change: f64) -> Self {
        let (sign, paint, words) = match measure.is_better(change) {
            None => ("=", Paint::Plain, "the same"),
            Some(true) => ("+", Paint::Good, "better"),
            Some(false) => ("-", Paint::Bad, "worse"),
        };
        Self { sign, paint, words: words.to_owned() }
    }

    /// Of a difference; `can_vary` where there are enough runs to know how sure it is.
    pub(crate) fn of(measure: Measure, difference: &Difference, can_vary: bool) -> Self {
        let mut verdict = Self::of_change(measure, difference.change);
        let Some(is_better) = measure.is_better(difference.change) else { return verdict };
        // What is known of one that is better is that it is not worse.
        let (confidence, what) = match is_better {
            true => (difference.confidence, "not worse"),
            false => (1.0 - difference.confidence, "worse"),
        };
        verdict.words = match can_vary {
            true => format!("{what}, {}", sure(confidence)),
            false => format!("{what}, of too few runs to be sure"),
        };
        if !can_vary || confidence < SURE {
            verdict.paint = Paint::Plain;
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_what_matters() {
        let cases = [
            (1.0, "100 %"),
            (0.9999, "99.9 %"),
            (0.5, "50 %"),
            (0.123, "12.3 %"),
            (1e-5, "0.1 %"),
            (0.0, "0 %"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
        assert_eq!(share_with_interval(Estimate { mean: 0.5, low: 0.25, high: 1.0 }), "50 % (25 % to 100 %)");
        assert_eq!([sure(1.0), sure(0.9999), sure(0.29)], ["100 % sure", "99 % sure", "29 % sure"]);
        assert_eq!([money(0.0), money(0.25)], ["$0", "$0.2500"]);
    }

    #[test]
    fn a_change_says_without_colour_whether_it_is_better() {
        let told = |measure: Measure, change: f64, confidence: f64| {
            let difference =
                Difference { baseline: 1.0, candidate: 1.0, change, low: change, high: change, confidence };
            let Verdict { sign, paint, words } = Verdict::of(measure, &difference, true);
            (format!("{sign} {} {words}", measure.change(change)), paint)
        };
        let cases = [
            (Measure::Share, 0.25, 0.97, "+ +25 points not worse, 97 % sure", Paint::Good),
            (Measure::Share, -0.25, 0.03, "- -25 points worse, 97 % sure", Paint::Bad),
            (Measure::Amount, -0.5, 1.0, "+ -50 % not worse, 100 % sure", Paint::Good),
            (Measure::Amount, 0.5, 0.4, "- +50 % worse, 60 % sure", Paint::Plain),
            (Measure::Amount, f64::MAX, 0.0, "- from nothing worse, 100 % sure", Paint::Bad),
            (Measure::Amount, 0.0, 1.0, "= the same the same", Paint::Plain),
        ];
        for (measure, change, confidence, expected, paint) in cases {
            assert_eq!(told(measure, change, confidence), (expected.to_owned(), paint));
        }
        let difference =
            Difference { baseline: 1.0, candidate: 2.0, change: 1.0, low: 1.0, high: 1.0, confidence: 0.0 };
        let verdict = Verdict::of(Measure::Amount, &difference, false);
        assert_eq!(
            (verdict.words.as_str(), verdict.paint),
            ("worse, of too few runs to be sure", Paint::Plain)
        );
    }
}
