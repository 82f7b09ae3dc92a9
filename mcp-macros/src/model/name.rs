//! The names of tools: 1 to 128 of `A–Z a–z 0–9 _ . -` (TOOL-7).

/// Maximum length of a tool name, in characters.
const MAX_NAME_CHARS: usize = 128;

/// Returns what is wrong with the name of a tool.
pub(crate) fn tool_name_problem(name: &str) -> Option<String> {
    let invalid =
        name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')));
    match (name.len(), invalid) {
        (0, _) => Some("a tool needs a name".to_owned()),
        (_, Some(invalid)) => {
            Some(format!("the name of a tool cannot contain `{}`", invalid.escape_debug()))
        }
        (length, None) if length > MAX_NAME_CHARS => Some(format!(
            "the name of a tool can have at most {MAX_NAME_CHARS} characters; this one has {length}"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tool_name_problem;

    #[test]
    fn tool_names_follow_the_rules() {
        for good in ["a", "get_weather", "admin.tools-list", "A1", &"x".repeat(128)] {
            assert_eq!(tool_name_problem(good), None, "{good}");
        }
        for bad in ["", "two words", "größe", "a/b", "a,b", "a\n", &"x".repeat(129)] {
            assert!(tool_name_problem(bad).is_some(), "{bad}");
        }
    }
}
