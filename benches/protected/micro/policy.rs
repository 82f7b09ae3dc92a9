//! Decides about a call by a policy of 100 rules.

use std::fmt::Write as _;

use divan::Bencher;
use mcp_core::policy::{Policy, PolicyEngine as _, PolicyRequest};

/// Creates 100 rules, each for a tool of its own.
fn policy(tools: impl Fn(usize) -> String, more: &str) -> Policy {
    let mut text = String::from("default = \"ask\"\n");
    for number in 0..100 {
        let verdict = ["allow", "ask", "deny"][number % 3];
        let tools = tools(number);
        let _ = writeln!(text, "[[rule]]\nverdict = \"{verdict}\"\ntools = [\"{tools}\"]\n{more}");
    }
    Policy::parse("policy.toml", &text).expect("a policy")
}

const ARGUMENTS: &str = r#"{"path":"/project/notes/today.md","line":17,"text":"a line of text"}"#;

fn decide(bencher: Bencher<'_, '_>, policy: &Policy) {
    bencher.bench(|| {
        let request = PolicyRequest::tool(divan::black_box("tool_60_write"))
            .principal(Some("https://idp.example#user"))
            .server("notes")
            .arguments(ARGUMENTS);
        policy.decide(&request)
    });
}

#[divan::bench]
fn literal_names(bencher: Bencher<'_, '_>) {
    decide(bencher, &policy(|number| format!("tool_{number}_write"), ""));
}

#[divan::bench]
fn globs(bencher: Bencher<'_, '_>) {
    decide(bencher, &policy(|number| format!("tool_{number}*"), ""));
}

/// Each rule has to search the name.
#[divan::bench]
fn globs_without_prefix(bencher: Bencher<'_, '_>) {
    decide(bencher, &policy(|number| format!("*_{number}_*"), ""));
}

/// Every rule has predicates, and the arguments are parsed.
#[divan::bench]
fn predicates(bencher: Bencher<'_, '_>) {
    let more = "arguments = [{ pointer = \"/path\", prefix = \"/project/\" }]";
    decide(bencher, &policy(|number| format!("tool_{number}*"), more));
}
