//! What holds for all policies.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use mcp_core::policy::{Level, Policy, PolicyEngine as _, PolicyRequest, Verdict};
use mcp_core::types::ToolAnnotations;
use mcp_test_support::Random;
use tokio::time::Instant;

const NAMES: [&str; 4] = ["read", "write", "read_all", "x"];
const GLOBS: [&str; 6] = ["read", "write", "*", "read*", "*e*", "y"];
const ARGUMENTS: [&str; 6] = [
    "{}",
    r#"{"a": 1}"#,
    r#"{"a": 5, "b": "x/y"}"#,
    r#"{"b": "x"}"#,
    r#"{"a": 1, "a": 2}"#,
    "null",
];
const PREDICATES: [&str; 6] = [
    r#"{ pointer = "/a", exists = true }"#,
    r#"{ pointer = "/a", equals = 1 }"#,
    r#"{ pointer = "/a", min = 2, max = 7 }"#,
    r#"{ pointer = "/b", prefix = "x" }"#,
    r#"{ pointer = "/b", glob = "*/*", not = true }"#,
    r#"{ pointer = "", exists = true }"#,
];

/// Writes a random rule.
fn rule(random: &mut Random, verdict: &str) -> String {
    let mut text = format!("[[rule]]\nverdict = \"{verdict}\"\n");
    let mut add = |random: &mut Random, odds: usize, line: &str| {
        if random.below(odds) == 0 {
            let _ = writeln!(text, "{line}");
        }
    };
    for key in ["tools", "prompts", "resources"] {
        let globs = format!("{key} = [\"{}\", \"{}\"]", random.pick(&GLOBS), random.pick(&GLOBS));
        add(random, 3, &globs);
    }
    let principals = format!("principals = [\"{}\"]", random.pick(&["a", "*", "b", ""]));
    add(random, 4, &principals);
    let servers = format!("servers = [\"{}\"]", random.pick(&["s", "*", "t"]));
    add(random, 6, &servers);
    let methods = format!("methods = [\"{}\"]", random.pick(&["tools/call", "*", "ping"]));
    add(random, 6, &methods);
    let predicate = format!("arguments = [{}]", random.pick(&PREDICATES));
    add(random, 3, &predicate);
    add(random, 5, &format!("annotations = {{ read_only = {} }}", random.clone().below(2) == 0));
    add(random, 6, "scopes = [\"s1\"]");
    add(random, 6, "without_scopes = [\"s1\"]");
    add(random, 4, &format!("rate = {{ calls = {}, per = \"5s\" }}", 1 + random.clone().below(3)));
    add(random, 6, "hours = \"06:00-18:00\"");
    text
}

/// Writes a random file of a level.
fn file(random: &mut Random, level: Level) -> String {
    let verdicts: &[&str] =
        if level == Level::Managed { &["ask", "deny"] } else { &["allow", "allow", "ask", "deny"] };
    let mut text = String::new();
    if random.below(3) == 0 {
        let _ = writeln!(text, "default = \"{}\"", random.pick(verdicts));
    }
    if random.below(3) == 0 {
        let _ = writeln!(text, "trusted_servers = [\"{}\"]", random.pick(&["s", "*", "t"]));
    }
    for _ in 0..random.below(4) {
        let verdict = *random.pick(verdicts);
        text += &rule(random, verdict);
    }
    text
}

/// A random call of a transcript.
struct Call {
    kind: usize,
    name: &'static str,
    arguments: &'static str,
    principal: Option<&'static str>,
    server: &'static str,
    trusted: bool,
    annotations: ToolAnnotations,
    has_scope: bool,
    after: Duration,
}

impl Call {
    fn random(random: &mut Random, after: Duration) -> Self {
        let mut annotations = ToolAnnotations::new();
        annotations.read_only_hint = *random.pick(&[None, Some(false), Some(true)]);
        Self {
            kind: random.below(5),
            name: *random.pick(&NAMES),
            arguments: *random.pick(&ARGUMENTS),
            principal: *random.pick(&[None, Some("a"), Some("b")]),
            server: *random.pick(&["s", "t"]),
            trusted: random.below(4) == 0,
            annotations,
            has_scope: random.below(2) == 0,
            after,
        }
    }

    /// Decides about the call, and about its list entry.
    fn decide(&self, policy: &Policy, started: Instant) -> (Verdict, bool) {
        let request = match self.kind {
            0 => PolicyRequest::prompt(self.name),
            1 => PolicyRequest::resource(self.name),
            2 => PolicyRequest::new("com.example/own"),
            _ => PolicyRequest::tool(self.name),
        };
        let scopes = |_: &str| self.has_scope;
        let request = request
            .arguments(self.arguments)
            .principal(self.principal)
            .server(self.server)
            .trusted(self.trusted)
            .annotations(Some(&self.annotations))
            .scopes(&scopes)
            .at(UNIX_EPOCH + self.after * 3_600, started + self.after);
        (policy.decide(&request).verdict(), policy.is_listed(&request))
    }
}

fn build(files: &[(Level, String)]) -> Policy {
    let mut builder = Policy::builder();
    for (level, text) in files {
        builder = builder.file(*level, "f", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    builder.build()
}

/// Plays random transcripts with a policy, and with what `change` makes of it. Returns how many
/// decisions differ.
fn compare(
    seed: u64,
    change: impl Fn(&mut Random, &mut Vec<(Level, String)>),
    mut check: impl FnMut(&str, (Verdict, bool), (Verdict, bool)),
) -> usize {
    let mut random = Random::new(seed);
    let mut differ = 0;
    for number in 0..3_000 {
        let mut files: Vec<(Level, String)> =
            Level::ALL.map(|level| (level, file(&mut random, level))).into();
        let before = build(&files);
        change(&mut random, &mut files);
        let after = build(&files);
        let started = Instant::now();
        for step in 0..20 {
            let call = Call::random(&mut random, Duration::from_secs(step));
            let (old, new) = (call.decide(&before, started), call.decide(&after, started));
            differ += usize::from(old != new);
            check(&format!("policy {number}, call {step}: {files:#?}"), old, new);
        }
    }
    differ
}

#[test]
fn adding_a_deny_never_allows_more() {
    let differ = compare(
        11,
        |random, files| {
            let index = random.below(files.len());
            let added = rule(random, "deny");
            files[index].1 += &added;
        },
        |case, old, new| {
            assert!(new.0 >= old.0, "{case}");
            assert!(old.1 || !new.1, "{case}");
        },
    );
    assert!(differ > 3_000, "only {differ} of 60,000 decisions differ");
}

#[test]
fn a_managed_file_never_allows_more() {
    let differ = compare(
        12,
        |random, files| {
            // Rules may deny what is said to be harmless, so less trust is not always stricter.
            let mut added = file(random, Level::Managed);
            added = added.replace("trusted_servers", "# trusted_servers");
            files.push((Level::Managed, added));
        },
        |case, old, new| assert!(new.0 >= old.0, "{case}"),
    );
    assert!(differ > 3_000, "only {differ} of 60,000 decisions differ");
}

#[test]
fn the_order_of_files_and_rules_decides_nothing() {
    let differ = compare(
        13,
        |_, files| {
            for (_, text) in files.iter_mut() {
                let mut parts = text.split("[[rule]]");
                let head = parts.next().unwrap_or_default().to_owned();
                let rules: Vec<_> = parts.collect();
                *text =
                    head + &rules.iter().rev().map(|r| format!("[[rule]]{r}")).collect::<String>();
            }
            files.reverse();
        },
        |case, old, new| assert_eq!(new, old, "{case}"),
    );
    assert_eq!(differ, 0);
}

/// What is not listed cannot be called.
#[test]
fn a_call_that_is_not_denied_is_listed() {
    let mut random = Random::new(14);
    let mut allowed = 0;
    for _ in 0..3_000 {
        let files: Vec<_> = Level::ALL.map(|level| (level, file(&mut random, level))).into();
        let policy = build(&files);
        let started = Instant::now();
        for step in 0..20 {
            let call = Call::random(&mut random, Duration::from_secs(step));
            let (verdict, listed) = call.decide(&policy, started);
            allowed += usize::from(verdict != Verdict::Deny);
            assert!(listed || verdict == Verdict::Deny, "{files:#?}");
        }
    }
    assert!(allowed > 3_000);
}
