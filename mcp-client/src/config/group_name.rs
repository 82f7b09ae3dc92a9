//! The names of servers in a group, which have fewer characters than those in a file.

use std::collections::{HashMap, HashSet};

/// Longest name before its number, in characters. Fixed: with a number it has at most 64, as a
/// group wants it.
const MAX_LENGTH: usize = 56;

/// The names that servers have in a group.
#[derive(Default)]
pub(super) struct GroupNames {
    taken: HashSet<String>,
    /// The number to try next for a name that is taken.
    next: HashMap<String, usize>,
}

impl GroupNames {
    /// A name that a group accepts and that is not taken, for one in a file: other characters
    /// become `-`.
    pub(super) fn add(&mut self, name: &str) -> String {
        let kept = fitted(name);
        let mut chosen = kept.clone();
        if self.taken.contains(&kept) {
            let next = self.next.entry(kept.clone()).or_insert(2);
            // One more than there are taken names is enough.
            while self.taken.contains(&chosen) {
                chosen = format!("{kept}-{next}");
                *next += 1;
            }
        }
        self.taken.insert(chosen.clone());
        chosen
    }
}

/// The name with the characters of a group alone.
fn fitted(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    let mut kept = String::new();
    for c in name.chars().map(allowed).take(MAX_LENGTH) {
        // Two of them separate the name of a server from that of a tool.
        if c != '_' || !kept.ends_with('_') {
            kept.push(c);
        }
    }
    let kept = kept.trim_matches('_');
    if kept.is_empty() { "server".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_a_group_and_is_not_taken() {
        for (name, expected) in [
            ("notes", "notes"),
            ("My Notes!", "My-Notes-"),
            ("@org/notes", "-org-notes"),
            ("a__b___c", "a_b_c"),
            ("_x_", "x"),
            ("", "server"),
            ("日本", "--"),
        ] {
            assert_eq!(GroupNames::default().add(name), expected);
        }
        let mut names = GroupNames::default();
        let added = ["a-b-2", "a b", "a/b", "a-b", "a-b-2"].map(|name| names.add(name));
        assert_eq!(added, ["a-b-2", "a-b", "a-b-3", "a-b-4", "a-b-2-2"]);
        assert_eq!(GroupNames::default().add(&"x".repeat(200)).len(), MAX_LENGTH);
    }
}
