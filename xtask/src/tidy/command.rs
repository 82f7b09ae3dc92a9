//! The command: selects and runs the rules, and prints their findings.

use std::{io::Write, thread};

use super::{
    rule::{Rule, Verdict},
    rules::RULES,
    tree::Tree,
};
use crate::repository;

/// Runs the rules named by `--rule NAME` in `arguments`, or all.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let rules = chosen(arguments)?;
    let tree = Tree::read(&repository::root()).map_err(|error| format!("tidy: {error}"))?;

    let verdicts: Vec<Verdict> = thread::scope(|scope| {
        let checks: Vec<_> = rules.iter().map(|rule| scope.spawn(|| (rule.check)(&tree))).collect();
        checks.into_iter().map(|check| check.join().expect("a rule does not panic")).collect()
    });

    let mut out = std::io::stdout().lock();
    let mut summary = String::new();
    let mut total = 0;
    for (rule, verdict) in rules.iter().zip(verdicts) {
        let count = match verdict {
            Verdict::Skipped(reason) => format!("skipped: {reason}"),
            Verdict::Checked(mut findings) => {
                findings.sort();
                for finding in &findings {
                    writeln!(out, "{finding}").map_err(|error| error.to_string())?;
                }
                total += findings.len();
                findings.len().to_string()
            }
        };
        summary.push_str(&format!("  {:22} {count}\n", rule.name));
    }
    let verdict = if total == 0 { "tidy" } else { "not tidy" };
    eprint!("{verdict}; findings by rule:\n{summary}");
    if total == 0 { Ok(()) } else { Err(format!("{total} findings")) }
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Rule>, String> {
    let known = || RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ");
    let mut rules = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = match (argument.as_str(), argument.strip_prefix("--rule=")) {
            ("--rule", _) => arguments.next().map_or("", String::as_str),
            (_, Some(name)) => name,
            _ => return Err(format!("tidy: unknown argument `{argument}`; usage: --rule NAME")),
        };
        let rule = RULES.iter().find(|rule| rule.name == name);
        rules.push(rule.ok_or_else(|| format!("tidy: no rule `{name}`; the rules: {}", known()))?);
    }
    Ok(if rules.is_empty() { RULES.iter().collect() } else { rules })
}

#[test]
fn a_rule_is_chosen_by_its_name_and_an_unknown_one_is_an_error() {
    let names = |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        chosen(&arguments).map(|rules| rules.iter().map(|rule| rule.name).collect::<Vec<_>>())
    };
    assert_eq!(names(&[]).unwrap().len(), RULES.len());
    assert_eq!(names(&["--rule", "untagged"]).unwrap(), ["untagged"]);
    assert_eq!(names(&["--rule=untagged", "--rule=phrases"]).unwrap(), ["untagged", "phrases"]);
    assert!(names(&["--rule", "other"]).unwrap_err().contains("no rule `other`"));
    assert!(names(&["--all"]).unwrap_err().contains("unknown argument `--all`"));
}
