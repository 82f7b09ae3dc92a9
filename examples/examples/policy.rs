//! What a policy would have decided: a dry run over recorded requests.
//!
//! ```sh
//! cargo run -p mcp-examples --features policy --example policy -- policy.toml transcript.jsonl
//! ```
//!
//! reads both files and sends nothing. Without arguments it uses the ones below. It prints on
//! standard error:
//!
//! ```text
//! line 1: allow tools/call read_file (rule "inside of the project")
//! line 2: deny tools/call read_file (rule "keys": keys are not for models)
//! line 3: ask tools/call send_mail (no rule matches, so the default decides)
//! line 4: deny resources/read file:///project/id.key (rule "keys": keys are not for models)
//! 4 requests: 1 allowed, 1 asked about, 2 denied
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

use mcp_server::policy::{DryRun, Policy, Verdict};

const POLICY: &str = r#"
default = "ask"

[[rule]]
name = "inside of the project"
verdict = "allow"
tools = ["read_file"]
arguments = [{ pointer = "/path", prefix = "/project/" }]

[[rule]]
name = "keys"
reason = "keys are not for models"
verdict = "deny"
tools = ["*_file"]
arguments = [{ pointer = "/path", glob = "*.key" }]

[[rule]]
name = "keys"
reason = "keys are not for models"
verdict = "deny"
resources = ["*.key"]
"#;

const TRANSCRIPT: &str = r#"
{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/project/notes.md"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/project/id.key"}}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"send_mail","arguments":{"to":"all@example.com"}}}
{"jsonrpc":"2.0","id":4,"method":"resources/read","params":{"uri":"file:///project/id.key"}}
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(policy), Some(transcript)) => {
            let text = std::fs::read_to_string(&policy)?;
            dry_run(&Policy::parse(&policy, &text)?, BufReader::new(File::open(transcript)?));
        }
        _ => dry_run(&Policy::parse("the policy", POLICY)?, TRANSCRIPT.trim_start().as_bytes()),
    }
    Ok(())
}

fn dry_run(policy: &Policy, transcript: impl BufRead) {
    let (mut all, mut allowed, mut asked, mut denied) = (0, 0, 0, 0);
    for entry in DryRun::new(policy).run(transcript) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                eprintln!("{error}");
                continue;
            }
        };
        let verdict = entry.decision.verdict();
        let subject = entry.subject.unwrap_or_default();
        let reason = entry.decision.reason();
        eprintln!("line {}: {verdict} {} {subject} ({reason})", entry.line, entry.method);
        all += 1;
        *match verdict {
            Verdict::Allow => &mut allowed,
            Verdict::Ask => &mut asked,
            Verdict::Deny => &mut denied,
        } += 1;
    }
    eprintln!("{all} requests: {allowed} allowed, {asked} asked about, {denied} denied");
}
