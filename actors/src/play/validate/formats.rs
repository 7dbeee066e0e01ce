//! The formats that hero_tracing converts, as its conversions read them.
//!
//! A text that no conversion takes is refused before a play is written. The other way about nothing is promised: what
//! is let through here, Python may still refuse. So each check is as wide as the widest reader of its format, of the
//! standard library and of pydantic, in any version of Python, but for accidents such as "20260131xx"; `sdk/python/tests/formats.json` holds both sides
//! to it. Formats that are not named here say nothing, as JSON Schema has it. Must not know schemas.

/// What a text with this keyword must be.
pub(super) struct Format {
    /// The value of the keyword.
    pub(super) name: &'static str,
    /// In words, after "is not".
    pub(super) what: &'static str,
    /// Whether some conversion takes the text.
    pub(super) holds: fn(&str) -> bool,
}

/// Values of `format`.
pub(super) const FORMATS: &[Format] = &[
    Format { name: "date-time", what: "a date and time such as 2026-01-31T09:30:00Z", holds: is_date_time },
    Format { name: "date", what: "a date such as 2026-01-31", holds: is_date },
    Format { name: "time", what: "a time such as 09:30:00", holds: is_time },
    Format { name: "uuid", what: "a UUID", holds: is_uuid },
    Format { name: "decimal", what: "a decimal number", holds: is_decimal },
    Format { name: "fraction", what: "a fraction such as 1/3", holds: is_fraction },
];

/// Values of `contentEncoding`.
pub(super) const ENCODINGS: &[Format] = &[Format { name: "base64", what: "base64", holds: is_base64 }];

/// ISO 8601 as `datetime.fromisoformat` has it: any one character stands between date and time, and either part may
/// be in the basic form. pydantic also takes seconds since 1970.
fn is_date_time(text: &str) -> bool {
    let mut rest = Rest(text);
    let reads = rest.date().is_some() && (rest.0.is_empty() || (rest.skip() && rest.time().is_some()));
    reads && rest.0.is_empty() || is_number(text)
}

/// pydantic also takes what [`is_date_time`] says, at midnight.
fn is_date(text: &str) -> bool {
    let mut rest = Rest(text);
    let is_midnight = |time: &str| !time.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let reads = rest.date().is_some() && is_midnight(rest.0.split(['+', '-']).next().unwrap_or_default());
    reads && is_date_time(text) || is_number(text)
}

/// pydantic also takes seconds since midnight.
fn is_time(text: &str) -> bool {
    let mut rest = Rest(text.strip_prefix('T').unwrap_or(text));
    rest.time().is_some() && rest.0.is_empty() || is_number(text)
}

/// `uuid.UUID` drops what UUIDs are dressed in, and reads the 32 characters that are left by `int`, which knows digits
/// beyond ASCII, underscores, a sign and a prefix.
fn is_uuid(text: &str) -> bool {
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let bare = bare.trim_matches(['{', '}']).replace('-', "");
    let is_read = |char: char| {
        char.is_ascii_hexdigit() || !char.is_ascii_graphic() || matches!(char, '_' | '+' | 'x' | 'X')
    };
    bare.chars().count() == 32 && bare.chars().all(is_read)
}

/// `decimal.Decimal` takes underscores anywhere, and digits beyond ASCII, which are left to it.
fn is_decimal(text: &str) -> bool {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let not_a_number = unsigned.strip_prefix('s').unwrap_or(unsigned).strip_prefix("nan");
    !text.is_ascii()
        || matches!(unsigned, "inf" | "infinity")
        || not_a_number.is_some_and(|payload| payload.bytes().all(|byte| byte.is_ascii_digit()))
        || is_finite(unsigned)
}

/// `fractions.Fraction` takes a decimal number, or two whole ones of which the second is not zero.
fn is_fraction(text: &str) -> bool {
    let text = text.trim().replace('_', "");
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    !text.is_ascii()
        || match unsigned.split_once('/') {
            Some((over, under)) => {
                let under = under.trim_start();
                is_whole(over.trim_end()) && is_whole(under) && under.bytes().any(|byte| byte != b'0')
            }
            None => is_finite(unsigned),
        }
}

/// `binascii.a2b_base64` in strict mode, which before Python 3.13 let padding follow where none is due.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    let is_due = match data.len() % 4 {
        0 => padding == 0 || !data.is_empty(),
        2 => padding == 2,
        3 => padding == 1,
        _ => false,
    };
    is_due && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

/// Digits with a point among or beside them, and an exponent.
fn is_finite(unsigned: &str) -> bool {
    unsigned.starts_with(|char| char == '.' || is_digit(char)) && is_number(unsigned)
}

fn is_digit(char: char) -> bool {
    char.is_ascii_digit()
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// What is left of a text to be read. Each reader gives `None` where the text is another.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// `2026-01-31`, `2026-W05-6` or `2026-W05`, and each without its hyphens.
    fn date(&mut self) -> Option<()> {
        let year = self.number(4, 1..=9999)?;
        let is_extended = self.eat(&['-']);
        if self.eat(&['W']) {
            self.number(2, 1..=53)?;
            if !is_extended || self.eat(&['-']) {
                self.number(1, 1..=7).or((!is_extended).then_some(0))?;
            }
            return Some(());
        }
        let month = self.number(2, 1..=12)?;
        if is_extended && !self.eat(&['-']) {
            return None;
        }
        let days = match month {
            2 if is_leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        self.number(2, 1..=days).map(|_| ())
    }

    /// `09:30:00.5+01:00`, from the hour to as much as is there.
    fn time(&mut self) -> Option<()> {
        self.clock()?;
        self.eat(&[' ']);
        if self.eat(&['+', '-', '−']) {
            return self.clock();
        }
        self.eat(&['Z', 'z']);
        Some(())
    }

    fn clock(&mut self) -> Option<()> {
        self.number(2, 0..=24)?;
        let is_extended = self.0.starts_with(':');
        for _ in ["minutes", "seconds"] {
            let goes_on = if is_extended { self.eat(&[':']) } else { self.0.starts_with(is_digit) };
            if !goes_on {
                break;
            }
            self.number(2, 0..=59)?;
        }
        if self.eat(&['.', ',']) {
            let tail = self.0.trim_start_matches(is_digit);
            if tail.len() == self.0.len() {
                return None;
            }
            self.0 = tail;
        }
        Some(())
    }

    fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let (head, tail) = self.0.split_at_checked(digits)?;
        let number = head.bytes().all(|byte| byte.is_ascii_digit()).then(|| head.parse().ok())??;
        self.0 = tail;
        range.contains(&number).then_some(number)
    }

    fn eat(&mut self, any: &[char]) -> bool {
        let tail = self.0.strip_prefix(any);
        self.0 = tail.unwrap_or(self.0);
        tail.is_some()
    }

    fn skip(&mut self) -> bool {
        let mut chars = self.0.chars();
        let skipped = chars.next().is_some();
        self.0 = chars.as_str();
        skipped
    }
}
