//! Records, and the chain that they form.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::json::{canonical, canonical_order, write_string};
use serde_json::Value;

use super::digest::sha256;
use super::event::{AuditEvent, Author};
use super::text::normalized;
use crate::hex::hex;
use crate::seal;

/// Maximum length of a record, in bytes. Fixed by the draft.
pub(super) const MAX_RECORD_BYTES: usize = 8_192;
/// Maximum length of a text, in bytes. Fixed: with the longest ones, the members that every record
/// has fit into a record.
const MAX_TEXT_BYTES: usize = 1_024;
/// Maximum length of recorded arguments, in bytes. Fixed: half of a record.
const MAX_ARGUMENTS_BYTES: usize = 4_096;
/// Maximum length of the texts of extensions if a record is too long, in bytes. Fixed: their
/// beginning and their hash.
const MAX_SHORT_TEXT_BYTES: usize = 128;
/// Maximum depth of the values of extensions. Fixed: those of the draft have two levels.
const MAX_DEPTH: usize = 8;

/// The extension of this crate.
pub(super) const EXTENSION: &str = "mcp-server";
/// What stands before the hash in a line.
pub(super) const LINE_START: &str = r#"{"event_hash":""#;

/// A record of the chain, as it is stored.
#[derive(Debug, Clone)]
pub struct AuditRecord {
    line: String,
    event_id: Range<usize>,
}

impl AuditRecord {
    /// Returns the record as canonical JSON, without a line break.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.line
    }

    /// Returns the member `event_id`. A sink can recognize a record by it that it has stored
    /// already.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.line[self.event_id.clone()]
    }

    /// Returns the member `event_hash`, 64 hexadecimal digits.
    #[must_use]
    pub fn event_hash(&self) -> &str {
        &self.line[LINE_START.len()..LINE_START.len() + 64]
    }
}

/// The end of a chain.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// The hash of the last record.
    pub(super) head: Option<String>,
    /// Distinguishes the ids of this process from those of earlier ones.
    run: String,
    sealed: u64,
}

impl Chain {
    pub(super) fn after(head: Option<String>) -> Self {
        // A poorer id is not a reason to record nothing; the time distinguishes the processes then.
        let random = seal::random().unwrap_or_else(|_| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (now.as_nanos() as u64).to_be_bytes()
        });
        Self { head, run: hex(&random), sealed: 0 }
    }

    /// Makes an event the next record.
    pub(super) fn seal(&mut self, event: &AuditEvent) -> AuditRecord {
        self.sealed += 1;
        let mut line = String::with_capacity(USUAL_RECORD_BYTES);
        line.push_str(LINE_START);
        let hash_place = line.len()..line.len() + NO_HASH.len();
        line.push_str(NO_HASH);
        line.push_str(END_OF_HASH);
        let body = line.len();
        line.push_str(r#""event_id":""#);
        let start = line.len();
        line.push_str(&self.run);
        // Writing to a text cannot fail.
        let _ = write!(line, "-{}", self.sealed);
        let event_id = start..line.len();
        line.push_str(r#"","event_type":"#);
        write_text(&mut line, &event.event_type, MAX_TEXT_BYTES);
        line.push_str(r#","extensions":"#);
        self.write_rest(&mut line, event);

        let hash = sha256(&[b"{", &line.as_bytes()[body..]]);
        line.replace_range(hash_place, &hash);
        self.head = Some(hash);
        AuditRecord { line, event_id }
    }

    /// Writes the extensions, cut as far as necessary, and the members behind them.
    fn write_rest(&self, line: &mut String, event: &AuditEvent) {
        let start = line.len();
        let sizes =
            [(MAX_TEXT_BYTES, MAX_ARGUMENTS_BYTES), (MAX_SHORT_TEXT_BYTES, MAX_SHORT_TEXT_BYTES)];
        let mut end = start;
        for (text, arguments) in sizes {
            line.truncate(start);
            write_extensions(line, event, text, arguments);
            end = line.len();
            self.write_end(line, event);
            if line.len() <= MAX_RECORD_BYTES {
                return;
            }
        }
        let digest = sha256(&[&line.as_bytes()[start..end]]);
        line.truncate(start);
        let _ = write!(line, r#"{{"{EXTENSION}":{{"omitted":"sha256:{digest}"}}}}"#);
        self.write_end(line, event);
    }

    /// Writes the members behind the extensions.
    fn write_end(&self, line: &mut String, event: &AuditEvent) {
        let since_1970 = event.occurred_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let occurred_at = humantime::format_rfc3339_millis(UNIX_EPOCH + since_1970.min(LATEST));
        let outcome = event.outcome.as_str();
        let _ = write!(line, r#","occurred_at":"{occurred_at}","outcome":"{outcome}""#);
        match &self.head {
            Some(hash) => {
                let _ = write!(line, r#","previous_hash":"{hash}","principal_id":"#);
            }
            None => line.push_str(r#","previous_hash":null,"principal_id":"#),
        }
        let principal = match &event.author {
            Author::Anonymous => "anonymous",
            Author::Principal(id) => id,
            Author::Server => "server",
        };
        write_text(line, principal, MAX_TEXT_BYTES);
        line.push_str(r#","tool_name":"#);
        match &event.tool {
            Some(name) => write_text(line, name, MAX_TEXT_BYTES),
            None => line.push_str("null"),
        }
        line.push('}');
    }
}

/// The last second that RFC 3339 can write, in seconds since 1970.
const LATEST: Duration = Duration::from_secs(253_402_300_799);
/// Room for the record of a usual call.
const USUAL_RECORD_BYTES: usize = 1_024;
/// What stands in the place of the hash until it is known.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What stands behind the hash.
const END_OF_HASH: &str = r#"","#;

/// The value of `authenticated`.
const IS_AUTHENTICATED: [&Value; 2] = [&Value::Bool(false), &Value::Bool(true)];

/// Writes all extensions, with texts of at most this many bytes.
fn write_extensions(line: &mut String, event: &AuditEvent, max_text: usize, max_arguments: usize) {
    let others = event.extensions.iter();
    let mut members: Vec<_> =
        others.map(|(id, data)| (normalized(id, MAX_SHORT_TEXT_BYTES), Some(data))).collect();
    // That of this crate.
    members.push((EXTENSION.into(), None));
    write_object(line, members, |line, _, data| match data {
        Some(data) => write_plain(line, data, max_text, MAX_DEPTH),
        None => write_own(line, event, max_text, max_arguments),
    });
}

/// Writes the extension of this crate.
fn write_own(line: &mut String, event: &AuditEvent, max_text: usize, max_arguments: usize) {
    let mut members = Vec::with_capacity(1 + event.details.len());
    if !matches!(event.author, Author::Server) {
        let is_authenticated = usize::from(matches!(event.author, Author::Principal(_)));
        members.push(("authenticated".into(), IS_AUTHENTICATED[is_authenticated]));
    }
    let details = event.details.iter();
    members.extend(details.map(|(name, value)| (normalized(name, MAX_SHORT_TEXT_BYTES), value)));
    write_object(line, members, |line, name, value| {
        let max = if name == "arguments" { max_arguments } else { max_text };
        write_plain(line, value, max, MAX_DEPTH);
    });
}

/// Writes an object with its members in canonical order. Of members with equal names the last one
/// counts.
fn write_object<T>(
    line: &mut String,
    mut members: Vec<(Cow<'_, str>, T)>,
    write_member: impl Fn(&mut String, &str, &T),
) {
    members.sort_by(|(one, _), (other, _)| canonical_order(one, other));
    let mut separator = '{';
    for (index, (name, member)) in members.iter().enumerate() {
        if members.get(index + 1).is_none_or(|(next, _)| next != name) {
            line.push(separator);
            separator = ',';
            write_string(line, name);
            line.push(':');
            write_member(line, name, member);
        }
    }
    line.push_str(if separator == '{' { "{}" } else { "}" });
}

/// Writes a value of which all leaves are strings, booleans or null.
fn write_plain(line: &mut String, value: &Value, max_text: usize, depth: usize) {
    match value {
        Value::Null => line.push_str("null"),
        Value::Bool(value) => line.push_str(if *value { "true" } else { "false" }),
        Value::String(text) => write_text(line, text, max_text),
        Value::Array(items) if depth > 0 => {
            line.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    line.push(',');
                }
                write_plain(line, item, max_text, depth - 1);
            }
            line.push(']');
        }
        Value::Object(members) if depth > 0 => {
            let members = members.iter();
            let members =
                members.map(|(name, value)| (normalized(name, MAX_SHORT_TEXT_BYTES), value));
            write_object(line, members.collect(), |line, _, value| {
                write_plain(line, value, max_text, depth - 1);
            });
        }
        value => write_text(line, &String::from_utf8_lossy(&canonical(value)), max_text),
    }
}

/// Writes a text in its normal form.
fn write_text(line: &mut String, text: &str, max_bytes: usize) {
    write_string(line, &normalized(text, max_bytes));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::Outcome;
    use crate::auth::Principal;

    fn member(record: &AuditRecord, name: &str) -> Value {
        serde_json::from_str::<Value>(record.as_json()).unwrap()[name].clone()
    }

    #[test]
    fn a_record_has_the_members_of_the_draft_in_their_order() {
        let mut chain = Chain::after(None);
        let mut event = AuditEvent::new(AuditEvent::TOOL_CALL, Outcome::Allowed)
            .principal(&Principal::new("https://issuer.example#ada"))
            .tool("export")
            .detail("n", 1.5)
            .detail("list", json!([1, true, null, "e\u{301}"]));
        event.occurred_at = UNIX_EPOCH + Duration::from_millis(1_780_747_200_000);
        let record = chain.seal(&event);
        let hash = record.event_hash();
        let id = record.event_id();
        assert_eq!(
            record.as_json(),
            format!(
                r#"{{"event_hash":"{hash}","event_id":"{id}","event_type":"tool_call","extensions":{{"mcp-server":{{"authenticated":true,"list":["1",true,null,"e\\u{{301}}"],"n":"1.5"}}}},"occurred_at":"2026-06-06T12:00:00.000Z","outcome":"allowed","previous_hash":null,"principal_id":"https://issuer.example#ada","tool_name":"export"}}"#
            )
        );
        let body = record.as_json().replacen(&format!(r#""event_hash":"{hash}","#), "", 1);
        assert_eq!(sha256(&[body.as_bytes()]), hash);
        let next = chain.seal(&event);
        assert_eq!(member(&next, "previous_hash"), hash);
        assert_ne!(next.event_id(), id);
    }

    #[test]
    fn the_hash_is_that_of_the_two_extension_example_of_the_draft() {
        let body = json!({
            "tool_name": "export",
            "event_id": "99999999-9999-9999-9999-999999999999",
            "event_type": "tool_call",
            "occurred_at": "2026-06-06T12:00:00.000Z",
            "outcome": "deferred",
            "previous_hash": null,
            "principal_id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
            "extensions": {
                "runtime-security": {
                    "severity": "high",
                    "drift_status": "confirmed",
                    "evidence_hash":
                        "sha256:b2c547e2c8f17eafc72ef5c2d4d7b6b4d0f7437ab52bae573a9af14ff5e2d9be",
                    "policy_id": "example.org/runtime-drift@3",
                    "quarantine_decision": "quarantine"
                },
                "caller-governance": {
                    "session_id": "55555555-5555-5555-5555-555555555555",
                    "flagged": false,
                    "invoked_by_principal_id": null,
                    "purpose_declared": "reconcile June invoices"
                }
            }
        });
        assert_eq!(
            sha256(&[&canonical(&body)]),
            "f733fed9cc757165f810b778e4baba1f51a45504988e937707aaab4361b2f064"
        );
    }

    #[test]
    fn a_record_is_cut_in_steps_and_never_longer_than_the_limit() {
        let long = "\"".repeat(100_000);
        let mut chain = Chain::after(Some("0".repeat(64)));
        let base = || {
            let event = AuditEvent::new(long.clone(), Outcome::Error).tool(long.clone());
            event.principal(&Principal::new(long.clone()))
        };
        for (details, is_omitted) in [(0, false), (1, false), (10, true), (1_000, true)] {
            let event = (0..details)
                .fold(base(), |event, index| event.detail(format!("detail-{index}"), long.clone()));
            let record = chain.seal(&event);
            assert!(record.as_json().len() <= MAX_RECORD_BYTES, "{}", record.as_json().len());
            let extensions = member(&record, "extensions");
            assert_eq!(extensions[EXTENSION].get("omitted").is_some(), is_omitted, "{details}");
        }
        let arguments = AuditEvent::new("x", Outcome::Allowed).detail("arguments", long.clone());
        let record = chain.seal(&arguments);
        let kept = member(&record, "extensions")[EXTENSION]["arguments"].clone();
        assert!(kept.as_str().unwrap().contains("\\cut{sha256:"));
    }

    #[test]
    fn deep_values_are_text_and_any_time_can_be_written() {
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let mut event = AuditEvent::new("x", Outcome::Allowed).detail("deep", deep);
        event.occurred_at = UNIX_EPOCH - Duration::from_secs(1);
        let record = Chain::after(None).seal(&event);
        assert_eq!(member(&record, "occurred_at"), "1970-01-01T00:00:00.000Z");
        assert!(record.as_json().contains("[[[[[[[[\"[[["), "{}", record.as_json());
    }
}
