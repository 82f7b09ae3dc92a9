//! Records, and the chain that they form.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::json::canonical;
use serde_json::{Map, Value, json};

use super::digest::{hex, sha256};
use super::event::{AuditEvent, Author};
use super::text::normalized;
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
    event_id: String,
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
        &self.event_id
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
        let event_id = format!("{}-{}", self.run, self.sealed);
        let principal = match &event.author {
            Author::Anonymous => "anonymous",
            Author::Principal(id) => id,
            Author::Server => "server",
        };
        let since_1970 = event.occurred_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let occurred_at = UNIX_EPOCH + since_1970.min(LATEST);
        let mut body = json!({
            "event_id": event_id,
            "occurred_at": humantime::format_rfc3339_millis(occurred_at).to_string(),
            "principal_id": normalized(principal, MAX_TEXT_BYTES),
            "event_type": normalized(&event.event_type, MAX_TEXT_BYTES),
            "tool_name": event.tool.as_deref().map(|name| normalized(name, MAX_TEXT_BYTES)),
            "outcome": event.outcome.as_str(),
            "previous_hash": self.head,
        });
        let body = canonical_within(&mut body, event);
        let hash = sha256(&[&body]);
        let body = String::from_utf8_lossy(&body[1..]);
        let line = format!("{LINE_START}{hash}\",{body}");
        self.head = Some(hash);
        AuditRecord { line, event_id }
    }
}

/// The last second that RFC 3339 can write, in seconds since 1970.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// Returns the body of a record with the extensions of an event, cut as far as necessary.
fn canonical_within(body: &mut Value, event: &AuditEvent) -> Vec<u8> {
    // The line has the hash, its name and the punctuation too.
    let max = MAX_RECORD_BYTES - LINE_START.len() - 64 - 1;
    let sizes =
        [(MAX_TEXT_BYTES, MAX_ARGUMENTS_BYTES), (MAX_SHORT_TEXT_BYTES, MAX_SHORT_TEXT_BYTES)];
    for (text, arguments) in sizes {
        body["extensions"] = extensions(event, text, arguments);
        let body = canonical(body);
        if body.len() <= max {
            return body;
        }
    }
    let digest = sha256(&[&canonical(&body["extensions"])]);
    body["extensions"] = json!({ EXTENSION: { "omitted": format!("sha256:{digest}") } });
    canonical(body)
}

fn extensions(event: &AuditEvent, max_text: usize, max_arguments: usize) -> Value {
    let mut own = Map::new();
    if !matches!(event.author, Author::Server) {
        own.insert("authenticated".into(), matches!(event.author, Author::Principal(_)).into());
    }
    for (name, value) in &event.details {
        let max = if name == "arguments" { max_arguments } else { max_text };
        own.insert(normalized(name, MAX_SHORT_TEXT_BYTES), plain(value, max, MAX_DEPTH));
    }
    let mut all = Map::new();
    for (id, data) in &event.extensions {
        all.insert(normalized(id, MAX_SHORT_TEXT_BYTES), plain(data, max_text, MAX_DEPTH));
    }
    all.insert(EXTENSION.into(), Value::Object(own));
    Value::Object(all)
}

/// Returns a value of which all leaves are strings, booleans or null.
fn plain(value: &Value, max_text: usize, depth: usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) => normalized(text, max_text).into(),
        Value::Array(items) if depth > 0 => {
            items.iter().map(|item| plain(item, max_text, depth - 1)).collect()
        }
        Value::Object(members) if depth > 0 => {
            let member = |(name, value): (&String, &Value)| {
                (normalized(name, MAX_SHORT_TEXT_BYTES), plain(value, max_text, depth - 1))
            };
            Value::Object(members.iter().map(member).collect())
        }
        value => normalized(&String::from_utf8_lossy(&canonical(value)), max_text).into(),
    }
}

#[cfg(test)]
mod tests {
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
