//! How much work a check may be. The validator has no limit of its own and cannot be stopped, so each schema counts
//! whenever something is held against it, and the one that is too much unwinds.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value, json};

/// The keyword by which a schema counts, before anything else of it is looked at.
pub(super) const COUNTED: &str = "\u{0}counted";
/// Any check may be as much work: some milliseconds.
const UNITS: u64 = 1_000_000;
/// And as much for each byte of schema and value, so that it is linear in both.
const UNITS_PER_BYTE: u64 = 32;
/// For each byte of a text that is held against a pattern.
const UNITS_PER_MATCHED_BYTE: u64 = 16;

/// What is left of the work that a check may be.
#[derive(Clone, Debug, Default)]
pub(super) struct Effort(Arc<AtomicU64>);

/// Thrown where there is nothing left.
struct Exhausted;

impl Effort {
    /// Gives what `check` gives; none where that is more work than `bytes` of schema and value may be. Each call begins
    /// anew.
    pub(super) fn within<T>(&self, bytes: usize, check: impl FnOnce() -> T) -> Option<T> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.store(UNITS.saturating_add(bytes.saturating_mul(UNITS_PER_BYTE)), Ordering::Relaxed);
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(checked) => Some(checked),
            Err(thrown) if <dyn Any + Send>::is::<Exhausted>(&*thrown) => None,
            Err(thrown) => resume_unwind(thrown),
        }
    }

    /// The keyword with this value, which [`weigh`] gave.
    pub(super) fn keyword(&self, weight: &Value) -> Counted {
        let number = |index: usize| weight.get(index).and_then(Value::as_u64).unwrap_or(1);
        Counted { left: self.clone(), weight: number(0), patterns: number(1) }
    }

    fn spend(&self, units: u64) {
        let left = self.0.load(Ordering::Relaxed).checked_sub(units);
        match left {
            Some(left) => self.0.store(left, Ordering::Relaxed),
            // No panic: nobody is told of one.
            None => resume_unwind(Box::new(Exhausted)),
        }
    }
}

/// How much work it is to hold one value against this schema, and how many patterns it has for a text or a name.
pub(super) fn weigh(schema: &Map<String, Value>) -> Value {
    let length = |value: &Value| match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    let patterns = schema.get("patternProperties").map_or(0, length);
    let within: usize = schema.values().map(length).sum();
    json!([1 + schema.len() + within, patterns + usize::from(schema.contains_key("pattern"))])
}

/// Counts that a value is held against its schema.
pub(super) struct Counted {
    left: Effort,
    /// What stands in the schema, but for what stands within that.
    weight: u64,
    /// How many patterns a text is held against.
    patterns: u64,
}

impl Counted {
    fn count(&self, value: &Value) {
        let (children, bytes) = match value {
            Value::Array(items) => (items.len(), 0),
            Value::Object(members) if self.patterns > 0 => {
                (members.len(), members.keys().map(String::len).sum())
            }
            Value::Object(members) => (members.len(), 0),
            Value::String(text) => (0, text.len()),
            _ => (0, 0),
        };
        let matched = (bytes as u64).saturating_mul(self.patterns).saturating_mul(UNITS_PER_MATCHED_BYTE);
        self.left.spend(self.weight.saturating_mul(1 + children as u64).saturating_add(matched));
    }
}

impl<'i> Keyword<'i> for Counted {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        self.count(value);
        Ok(())
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.count(value);
        true
    }
}
