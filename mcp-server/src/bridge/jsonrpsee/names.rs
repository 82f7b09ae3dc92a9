//! The names of tools, from those of methods.

use std::collections::BTreeMap;

use crate::error::BuildError;

/// Returns the name of the tool for a method: `prefix` and the name of the method, in which
/// characters other than `A–Z a–z 0–9 _ -` are replaced by `_`.
///
/// A tool name may contain a dot (TOOL-7), but many hosts refuse it.
pub(super) fn legal_name(prefix: &str, method: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    prefix.chars().chain(method.chars().map(legal)).collect()
}

/// Finds out that two methods have one name.
#[derive(Debug, Default)]
pub(super) struct UsedNames(BTreeMap<String, &'static str>);

impl UsedNames {
    /// Adds the name of a tool and its method.
    ///
    /// # Errors
    /// If another method has this name.
    pub(super) fn add(&mut self, name: &str, method: &'static str) -> Result<(), BuildError> {
        match self.0.insert(name.to_owned(), method) {
            None => Ok(()),
            Some(other) => {
                let (first, second) = (other.min(method), other.max(method));
                Err(BuildError::Invalid {
                    kind: "tool",
                    name: name.to_owned(),
                    reason: format!(
                        "the methods {first:?} and {second:?} both have this name as tools; give \
                         one of them another name with RpcTools::rename"
                    ),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_hosts_refuse_become_underscores() {
        assert_eq!(legal_name("", "state.getPairs"), "state_getPairs");
        assert_eq!(legal_name("node-", "eth/größe 1"), "node-eth_gr__e_1");
        assert_eq!(legal_name("", "a-b_C9"), "a-b_C9");
    }
}
