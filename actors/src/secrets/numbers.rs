//! How a value that is a number may stand in JSON as one: as it is, as Python writes it whole and with a point, and each
//! of these negated.
//!
//! As with forms, neither a name nor what it gives may ever change.

use hero_sdk::secret::VALUE_CHARS_MIN;

use super::{forms::Form, mark};

/// Every number of `value`, each text once; none where it is no number.
pub(super) fn numbers(value: &str) -> Vec<Form> {
    let plain = value.trim();
    let digits = plain.trim_start_matches(['-', '+']);
    // Neither a hidden `inf` nor a hidden `nan`: JSON has none.
    let Some(float) = plain.parse::<f64>().ok().filter(|float| float.is_finite()) else { return Vec::new() };
    let mut all = vec![(String::new(), plain.to_owned())];
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let sign = if plain.starts_with('-') { "-" } else { "" };
        all.push(("-whole".to_owned(), format!("{sign}{}", digits.trim_start_matches('0'))));
    }
    all.push(("-float".to_owned(), python_float(float)));
    // Without its zeros it may be as small as any number.
    all.retain(|(_, text)| {
        text == plain || text.bytes().filter(u8::is_ascii_digit).count() >= VALUE_CHARS_MIN
    });
    let negated: Vec<_> = all.iter().map(|(name, text)| (format!("-minus{name}"), negated(text))).collect();
    let mut forms: Vec<Form> = Vec::new();
    for (name, text) in all.into_iter().chain(negated) {
        if forms.iter().all(|form| form.text != text) {
            forms.push(Form { name: format!("{}{name}", mark::NUMBER), text });
        }
    }
    forms
}

fn negated(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(text) => text.to_owned(),
        None => format!("-{text}"),
    }
}

/// As Python's `repr` writes it.
fn python_float(float: f64) -> String {
    let scientific = format!("{float:e}");
    match scientific
        .split_once('e')
        .and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)))
    {
        Some((digits, exponent)) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{float:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_texts_that_python_gives_it() {
        for (value, expected) in [
            ("8675309421", &["8675309421", "8675309421.0", "-8675309421", "-8675309421.0"][..]),
            ("-8675309", &["-8675309", "-8675309.0", "8675309", "8675309.0"]),
            ("0086753\n", &["0086753", "86753", "86753.0", "-0086753", "-86753", "-86753.0"]),
            ("3.14159", &["3.14159", "-3.14159"]),
            (
                "12345678901234567890",
                &[
                    "12345678901234567890",
                    "1.2345678901234567e+19",
                    "-12345678901234567890",
                    "-1.2345678901234567e+19",
                ],
            ),
            ("0.0000123", &["0.0000123", "1.23e-05", "-0.0000123", "-1.23e-05"]),
            // A hidden 42 would be hidden everywhere.
            ("0042", &["0042", "-0042"]),
            ("0000", &["0000", "-0000"]),
            ("infinity", &[]),
            ("hunter2!", &[]),
            ("9".repeat(400).as_str(), &[]),
        ] {
            let texts: Vec<String> = numbers(value).into_iter().map(|form| form.text).collect();
            assert_eq!(texts, expected, "{value}");
        }
        let names: Vec<String> = numbers("8675309421").into_iter().map(|form| form.name).collect();
        assert_eq!(names, ["number", "number-float", "number-minus", "number-minus-float"]);
    }
}
