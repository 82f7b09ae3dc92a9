//! The name of a server in a group, which has fewer characters than one in a file.

/// Length of a name: with a number behind it, it has at most 64 characters.
const LENGTH: usize = 56;

/// A name that a group accepts and that is not taken: other characters become `-`.
pub(super) fn group_name<'a>(name: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    let mut kept: String = name.chars().map(allowed).take(LENGTH).collect();
    while kept.contains("__") {
        kept = kept.replace("__", "_");
    }
    let kept = kept.trim_matches('_');
    let kept = if kept.is_empty() { "server" } else { kept };
    let is_free = |name: &str| taken.clone().all(|taken| taken != name);
    if is_free(kept) {
        return kept.to_owned();
    }
    // One more than there are taken names is enough.
    let mut numbered = (2..).map(|number: u64| format!("{kept}-{number}"));
    numbered.find(|name| is_free(name)).unwrap_or_else(|| kept.to_owned())
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
            assert_eq!(group_name(name, std::iter::empty()), expected);
        }
        assert_eq!(group_name("a b", ["a-b", "a-b-2"].into_iter()), "a-b-3");
        assert_eq!(group_name(&"x".repeat(200), std::iter::empty()).len(), 56);
    }
}
