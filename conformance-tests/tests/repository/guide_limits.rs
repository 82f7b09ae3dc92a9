//! `docs/limits.md` as the packages have it: the limits of one crate and of `mcp-core`, without the
//! names of the tests.

pub(crate) const PAGE: &str = "docs/limits.md";

/// The beginning of the paragraph about the tests.
const ABOUT_TESTS: &str = "The tables of fields ";

/// The page for the package of a crate.
pub(crate) fn of_crate(text: &str, krate: &str) -> String {
    let of_others = |name: &str| {
        let name = name.trim_start_matches('`').replace('-', "_");
        name.starts_with("mcp_") && ![krate, "mcp-core"].iter().any(|it| is_in(&name, it))
    };
    let mut result = String::new();
    let (mut is_of_others, mut has_tests) = (false, false);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            is_of_others = of_others(heading);
            has_tests = heading.starts_with('`');
        }
        if line.starts_with(ABOUT_TESTS) {
            lines.by_ref().find(|line| line.is_empty());
            continue;
        }
        if is_of_others || line.strip_prefix("| ").is_some_and(of_others) {
            continue;
        }
        let last = line.trim_end_matches('|').rfind('|').filter(|_| has_tests);
        result.push_str(last.map_or(line, |last| &line[..=last]));
        result.push('\n');
    }
    result
}

/// Whether a path is in a crate.
fn is_in(path: &str, krate: &str) -> bool {
    let rest = path.strip_prefix(&krate.replace('-', "_"));
    rest.is_some_and(|rest| rest.starts_with("::") || rest.starts_with('/'))
}

#[test]
fn a_package_has_its_own_limits_without_tests() {
    let page = "# Limits\n\nWhat they are.\n\nThe tables of fields are\nwritten.\n\n\
                ## `mcp_client::Limits`\n\n| field | test |\n|---|---|\n| `a` | `t` |\n\n\
                ## `mcp_core::Limits`\n\n| field | test |\n|---|---|\n| `b` | `t` |\n\n\
                ## Fixed bounds\n\n| constant | value |\n|---|---|\n| `mcp-client/x` | 1 |\n\
                | `mcp-core/x` | 2 |\n| `mcp-server/x` | 3 |\n";
    let expected = "# Limits\n\nWhat they are.\n\n\
                    ## `mcp_core::Limits`\n\n| field |\n|---|\n| `b` |\n\n\
                    ## Fixed bounds\n\n| constant | value |\n|---|---|\n\
                    | `mcp-core/x` | 2 |\n| `mcp-server/x` | 3 |\n";
    assert_eq!(of_crate(page, "mcp-server"), expected);
}
