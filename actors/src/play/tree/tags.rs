//! What a node keeps of the tags that it is given. Pure, as the tree is.

use std::collections::BTreeMap;

use hero_sdk::Json;

/// Tags of one node, but for the one that stands for more.
const COUNT_MAX: usize = 100;
/// Bytes of their names and values together: they are held while the node is open, and written whenever it changes. As
/// many of the longest that the SDK sends fit, in ASCII.
const BYTES_MAX: usize = 256 << 10;
/// Stands for those that are not kept, as it does in the SDK.
const MORE: &str = "…";

/// Adds tags to those that a node has. The newest value of a name stands, or none where there is no room for it.
pub(super) fn add(kept: &mut BTreeMap<String, Json>, tags: BTreeMap<String, Json>) {
    let size = |name: &str, value: &Json| name.len() + value.as_str().len();
    let mut bytes: usize = kept.iter().map(|(name, value)| size(name, value)).sum();
    let mut all_fit = true;
    for (name, value) in tags {
        if let Some(before) = kept.remove(&name) {
            bytes -= size(&name, &before);
        }
        let count = kept.len() - usize::from(kept.contains_key(MORE));
        let bytes_with = bytes + size(&name, &value);
        if bytes_with <= BYTES_MAX && (count < COUNT_MAX || name == MORE) {
            bytes = bytes_with;
            kept.insert(name, value);
        } else {
            all_fit = false;
        }
    }
    if !all_fit {
        let told = format!("more tags are not kept; a span has at most {COUNT_MAX}, of {BYTES_MAX} bytes");
        kept.insert(MORE.to_owned(), Json::from(&serde_json::Value::String(told)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "\"more tags are not kept; a span has at most 100, of 262144 bytes\"";

    fn tags(names: impl IntoIterator<Item = String>, value: &str) -> BTreeMap<String, Json> {
        names.into_iter().map(|name| (name, Json::parse(value).unwrap())).collect()
    }

    fn numbered(numbers: std::ops::Range<u32>, value: &str) -> BTreeMap<String, Json> {
        tags(numbers.map(|number| format!("{number:03}")), value)
    }

    fn text(bytes: usize) -> String {
        format!("\"{}\"", "x".repeat(bytes - 2))
    }

    #[test]
    fn a_hundred_are_kept_and_that_there_were_more_is_told() {
        let mut kept = BTreeMap::new();
        add(&mut kept, numbered(0..60, "1"));
        add(&mut kept, numbered(40..100, "2"));
        assert_eq!((kept.len(), kept["059"].as_str(), kept["000"].as_str()), (100, "2", "1"));
        add(&mut kept, numbered(100..5_000, "3"));
        assert_eq!((kept.len(), kept[MORE].as_str()), (101, TOLD));
        // Those that there are change all the same.
        add(&mut kept, numbered(0..1, "4"));
        assert_eq!((kept.len(), kept["000"].as_str()), (101, "4"));
        let mut at_once = BTreeMap::new();
        add(&mut at_once, numbered(0..5_000, "1"));
        assert_eq!((at_once.len(), at_once[MORE].as_str()), (101, TOLD));
    }

    #[test]
    fn what_the_sdk_says_of_more_is_kept_beside_a_hundred() {
        let mut kept = BTreeMap::new();
        add(&mut kept, tags([MORE.to_owned()], "\"7 more tags are not kept\""));
        add(&mut kept, numbered(0..100, "1"));
        assert_eq!((kept.len(), kept[MORE].as_str()), (101, "\"7 more tags are not kept\""));
        add(&mut kept, numbered(100..101, "1"));
        assert_eq!((kept.len(), kept[MORE].as_str()), (101, TOLD));
    }

    #[test]
    fn all_together_have_so_many_bytes() {
        let mut kept = BTreeMap::new();
        add(&mut kept, tags(["a".to_owned()], &text(BYTES_MAX - 1)));
        assert_eq!(kept.len(), 1);
        add(&mut kept, tags(["b".to_owned()], "1"));
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["a", MORE]);
        // An old value is never shown for a new one.
        add(&mut kept, tags(["a".to_owned()], &text(BYTES_MAX)));
        assert_eq!(kept.keys().collect::<Vec<_>>(), [MORE]);
        add(&mut kept, numbered(0..100, &text(1 << 20)));
        assert_eq!(kept.keys().collect::<Vec<_>>(), [MORE]);
        add(&mut kept, numbered(0..100, &text(2_100)));
        assert_eq!(kept.len(), 101);
    }
}
