//! The limits of policies.

use mcp_core::policy::{Level, Policy, PolicyLimits};

fn error(limits: PolicyLimits, text: &str) -> String {
    let built = Policy::builder().limits(limits).file(Level::User, "p.toml", text);
    built.err().map(|error| error.to_string()).unwrap_or_default()
}

const RULE: &str = "[[rule]]\nverdict = \"deny\"\n";

#[test]
fn the_bytes_of_a_file_are_bounded() {
    let limits = PolicyLimits { max_file_bytes: RULE.len(), ..PolicyLimits::default() };
    assert_eq!(error(limits.clone(), RULE), "");
    let message = error(limits, &format!("{RULE}\n"));
    assert!(
        message.contains("exceed the limit of 26 bytes (PolicyLimits::max_file_bytes)"),
        "{message}"
    );
}

#[test]
fn the_rules_of_all_files_are_bounded() {
    let limits = PolicyLimits { max_rules: 3, ..PolicyLimits::default() };
    let builder = Policy::builder().limits(limits);
    let builder = builder.file(Level::User, "a", &RULE.repeat(2)).unwrap();
    let builder = builder.file(Level::User, "b", RULE).unwrap();
    let error = builder.file(Level::User, "c", RULE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "c:1:1: more than 3 rules (PolicyLimits::max_rules); merge rules or raise the limit"
    );
}

#[test]
fn the_predicates_of_a_rule_are_bounded() {
    let limits = PolicyLimits { max_predicates: 2, ..PolicyLimits::default() };
    let text = |n: usize| {
        let predicates = vec!["{ pointer = \"/a\", exists = true }"; n].join(", ");
        format!("{RULE}arguments = [{predicates}]")
    };
    assert_eq!(error(limits.clone(), &text(2)), "");
    assert!(error(limits, &text(3)).contains("PolicyLimits::max_predicates"));
}

#[test]
fn globs_are_bounded_in_number_and_bytes() {
    let limits = PolicyLimits { max_globs: 2, max_glob_bytes: 4, ..PolicyLimits::default() };
    let error = |globs: &str| error(limits.clone(), &format!("{RULE}tools = [{globs}]"));
    assert_eq!(error("\"abcd\", \"b\""), "");
    assert!(error("\"a\", \"b\", \"c\"").contains("PolicyLimits::max_globs"));
    assert!(error("\"abcde\"").contains("PolicyLimits::max_glob_bytes"));
}
