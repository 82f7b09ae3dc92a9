//! `codec::scan`: the depth and the number of values of valid JSON are exact, and any other text is
//! scanned without a panic.

use mcp_core::codec::scan::{ScanError, scan};

use crate::reference::{self, Node, Value};

/// The maximum depth of the scanner.
const MAX_DEPTH: usize = 64;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let scanned = scan(text, MAX_DEPTH, usize::MAX);
    if bracket_depth(data) > 4 * MAX_DEPTH {
        return; // The reference parser is recursive.
    }
    let Some(node) = reference::parse(text) else { return };
    let (depth, values) = measure(&node);
    if depth > MAX_DEPTH {
        assert_eq!(scanned, Err(ScanError::TooDeep));
        return;
    }
    assert_eq!(scan(text, depth, values), Ok(()));
    if depth > 0 {
        assert_eq!(scan(text, depth - 1, usize::MAX), Err(ScanError::TooDeep));
    }
    if values > 1 {
        assert_eq!(scan(text, MAX_DEPTH, values - 1), Err(ScanError::TooManyNodes));
    }
}

/// An upper bound of the depth.
fn bracket_depth(data: &[u8]) -> usize {
    data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count()
}

/// Returns the depth and the number of values. An empty array counts as two.
fn measure(node: &Node<'_>) -> (usize, usize) {
    let children: Vec<&Node<'_>> = match &node.value {
        Value::Array(items) if items.is_empty() => return (1, 2),
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => return (0, 1),
    };
    children
        .into_iter()
        .map(measure)
        .fold((1, 1), |(depth, values), (inner, count)| (depth.max(inner + 1), values + count))
}
