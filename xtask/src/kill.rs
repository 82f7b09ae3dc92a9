//! `cargo xtask kill`: plays the tests that kill servers, stores and logs with more rounds than
//! usual.

use crate::steps::{cargo, succeed};

const USAGE: &str = "\
usage: cargo xtask kill [audit | redb | redis] [--rounds N] [--tasks N] [--seed N]

Without options, 300 rounds with 100 tasks each.";

/// An environment variable of the tests, and its value.
type Setting<'a> = (&'static str, &'a str);

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (variant, settings) = parse(&arguments).ok_or(USAGE)?;
    let mut command = cargo("test --package mcp-conformance-tests --test kill -- --nocapture");
    succeed(command.args(variant).envs(settings))
}

fn parse<'a>(arguments: &[&'a str]) -> Option<(Option<&'a str>, Vec<Setting<'a>>)> {
    let (variant, options) = match arguments {
        [variant @ ("audit" | "redb" | "redis"), options @ ..] => (Some(*variant), options),
        options => (None, options),
    };
    let (options, rest) = options.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut settings = vec![("KILL_ROUNDS", "300"), ("KILL_TASKS", "100")];
    for [option, value] in options {
        let variable = match *option {
            "--rounds" => "KILL_ROUNDS",
            "--tasks" => "KILL_TASKS",
            "--seed" => "KILL_SEED",
            _ => return None,
        };
        value.parse::<u64>().ok()?;
        settings.push((variable, value));
    }
    Some((variant, settings))
}

#[test]
fn options_replace_the_defaults_and_others_are_refused() {
    let defaults = [("KILL_ROUNDS", "300"), ("KILL_TASKS", "100")];
    assert_eq!(parse(&[]), Some((None, defaults.to_vec())));
    let mut settings = defaults.to_vec();
    settings.push(("KILL_ROUNDS", "5"));
    assert_eq!(parse(&["redis", "--rounds", "5"]), Some((Some("redis"), settings)));
    let audit = parse(&["audit", "--rounds", "5"]).and_then(|(variant, _)| variant);
    assert_eq!(audit, Some("audit"));
    for wrong in [&["file"][..], &["--rounds"], &["--rounds", "many"], &["--speed", "1"]] {
        assert_eq!(parse(wrong), None, "{wrong:?}");
    }
}
