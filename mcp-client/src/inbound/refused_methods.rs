//! The methods of requests that were refused, so that a warning is logged once for each.

use std::collections::HashSet;

use mcp_core::sync::Mutex;

/// Most methods that are remembered. Fixed: the specification has three that a server may ask for.
const MAX_METHODS: usize = 16;
/// Longest method that is remembered, in bytes. Fixed: real ones are shorter.
const MAX_METHOD_BYTES: usize = 64;

/// The methods that a server has asked for and that have no handler.
#[derive(Debug, Default)]
pub(super) struct RefusedMethods(Mutex<HashSet<Box<str>>>);

impl RefusedMethods {
    /// Whether a method is refused for the first time. False for all others once there are too
    /// many.
    pub(super) fn is_first(&self, method: &str) -> bool {
        let mut seen = self.0.lock();
        // All long names are one.
        let method = if method.len() <= MAX_METHOD_BYTES { method } else { "" };
        if seen.contains(method) || seen.len() >= MAX_METHODS {
            return false;
        }
        seen.insert(method.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_methods_are_one() {
        let refused = RefusedMethods::default();
        let long = |c: &str| c.repeat(MAX_METHOD_BYTES + 1);
        assert!(refused.is_first(&long("x")) && !refused.is_first(&long("y")));
    }

    #[test]
    fn each_method_is_new_once_and_their_number_is_bounded() {
        let refused = RefusedMethods::default();
        for number in 0..MAX_METHODS {
            let method = format!("example/{number}");
            assert!(refused.is_first(&method) && !refused.is_first(&method), "{method}");
        }
        assert!(!refused.is_first("example/more") && !refused.is_first("example/0"));
    }
}
