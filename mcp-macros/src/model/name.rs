//! Names of tools: 1 to 128 of `A–Z a–z 0–9 _ . -` (checklist TOOL-7).

/// The longest name of a tool.
const LONGEST: usize = 128;

/// What is wrong with a tool's name.
pub(crate) fn tool_name_problem(name: &str) -> Option<String> {
    let stranger =
        name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')));
    match (name.len(), stranger) {
        (0, _) => Some("a tool needs a name".to_owned()),
        (_, Some(stranger)) => {
            Some(format!("the name of a tool cannot contain `{}`", stranger.escape_debug()))
        }
        (length, None) if length > LONGEST => Some(format!(
            "the name of a tool has at most {LONGEST} characters, this one has {length}"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tool_name_problem;

    #[test]
    fn rule() {
        for good in ["a", "get_weather", "admin.tools-list", "A1", &"x".repeat(128)] {
            assert_eq!(tool_name_problem(good), None, "{good}");
        }
        for bad in ["", "two words", "größe", "a/b", "a,b", "a\n", &"x".repeat(129)] {
            assert!(tool_name_problem(bad).is_some(), "{bad}");
        }
    }
}
