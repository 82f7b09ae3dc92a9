//! Dry runs.

use mcp_core::policy::{DryRun, Verdict};

use crate::decisions::policy;

const POLICY: &str = r#"
    default = "ask"
    [[rule]]
    verdict = "deny"
    tools = ["rm"]
    [[rule]]
    verdict = "deny"
    resources = ["file:///etc/*"]
    [[rule]]
    verdict = "allow"
    tools = ["ls"]
    rate = { calls = 1, per = "1m" }
    [[rule]]
    verdict = "allow"
    annotations = { read_only = true }
    [[rule]]
    verdict = "allow"
    principals = ["me"]
    scopes = ["s"]
    hours = "09:00-17:00"
"#;

#[test]
fn a_transcript_is_decided_line_by_line() {
    let transcript = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm","arguments":{}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}

{"jsonrpc":"2.0","id":1,"result":{}}
{"method":"tools/call","params":{"name":"ls"},"time":"2026-01-01T00:00:00Z"}
{"method":"tools/call","params":{"name":"ls"},"time":"2026-01-01T00:00:30Z"}
{"method":"tools/call","params":{"name":"ls"},"time":"2026-01-01T00:01:00Z"}
not json
{"method":"tools/call","params":{"name":"x"},"annotations":{"readOnlyHint":true}}
{"method":"tools/call","params":{"name":"x"},"annotations":{"readOnlyHint":true},"trusted":true}
{"method":"tools/call","params":{"name":"x"},"principal":"me","scopes":["s"],"time":"2026-01-01T10:00:00Z"}
{"method":"tools/call","params":{"name":"x"},"principal":"me","scopes":["s"],"time":"2026-01-01T18:00:00Z"}
{"method":"tools/call","params":{"arguments":{}}}
{"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a:/","file:///etc/x"]}}}
{"method":"ping"}"#;
    let policy = policy(POLICY);
    let decided: Vec<_> = DryRun::new(&policy)
        .run(transcript.as_bytes())
        .map(|entry| match entry {
            Ok(entry) => (entry.line, Some(entry.decision.verdict())),
            Err(error) => (error.line(), None),
        })
        .collect();
    use Verdict::{Allow, Ask, Deny};
    assert_eq!(
        decided,
        [
            (1, Some(Deny)),
            (5, Some(Allow)),
            (6, Some(Ask)),
            (7, Some(Allow)),
            (8, None),
            (9, Some(Ask)),
            (10, Some(Allow)),
            (11, Some(Allow)),
            (12, Some(Ask)),
            (13, None),
            (14, Some(Deny)),
            (15, Some(Allow)),
        ]
    );
    let first = DryRun::new(&policy).run(transcript.as_bytes()).next().unwrap().unwrap();
    assert_eq!((&*first.method, first.subject.as_deref()), ("tools/call", Some("rm")));
    assert_eq!(first.decision.reason(), "rule 1 of the user policy");
}

#[test]
fn a_line_that_is_too_long_is_skipped() {
    let long = "x".repeat(200);
    let transcript = format!("{long}\n{{\"method\":\"ping\"}}\n{long}");
    let policy = policy("");
    let entries: Vec<_> =
        DryRun::new(&policy).max_line_bytes(100).run(transcript.as_bytes()).collect();
    assert_eq!(entries.len(), 3);
    let error = entries[0].as_ref().unwrap_err().to_string();
    assert_eq!(
        error,
        "line 1 of the transcript: 200 bytes exceed the limit of 100 bytes; raise it with DryRun::max_line_bytes"
    );
    assert_eq!(entries[1].as_ref().unwrap().decision.verdict(), Verdict::Allow);
    assert_eq!(entries[2].as_ref().unwrap_err().line(), 3);
}

/// A reader that fails ends the run.
#[test]
fn a_failing_reader_ends_the_run() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let policy = policy("");
    let entries: Vec<_> =
        DryRun::new(&policy).run(std::io::BufReader::new(Failing)).take(3).collect();
    assert_eq!(entries.len(), 1);
    assert!(entries[0].is_err());
}
