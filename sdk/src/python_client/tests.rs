//! The module is whole.

use super::source;

#[test]
fn no_mark_of_a_template_is_left() {
    let source = source();
    for mark in ["# {", "{version}"] {
        assert!(!source.contains(mark), "{mark}");
    }
}
