//! That the nodes of a play form a tree. The tests of the whole runtime include this file as well, so it knows nothing
//! but the contract.

use std::collections::BTreeMap;

use hero_sdk::model::Span;

/// Every node once, every parent there, and no node beneath itself.
pub(crate) fn assert_tree<'a>(spans: impl IntoIterator<Item = &'a Span>) {
    let spans: Vec<&Span> = spans.into_iter().collect();
    let parents: BTreeMap<u32, Option<u32>> = spans.iter().map(|span| (span.span_id, span.parent)).collect();
    assert_eq!(parents.len(), spans.len(), "one row each");
    for span in spans {
        let (mut above, mut steps) = (span.parent, 0);
        while let Some(parent) = above {
            above = *parents.get(&parent).unwrap_or_else(|| panic!("{} lacks its parent", span.path));
            steps += 1;
            assert!(steps <= parents.len(), "{} lies beneath itself", span.path);
        }
    }
}
