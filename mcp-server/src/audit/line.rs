//! The lines of a file of records, read in bounded memory.

use std::borrow::Cow;
use std::io::{self, BufRead};

use mcp_core::json::canonical;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::digest::{Hasher, is_hash, sha256};
use super::event::{AuditEvent, Outcome};
use super::record::{EXTENSION, LINE_START, MAX_RECORD_BYTES};
use super::text::is_valid;

/// The bytes after the last intact record.
#[derive(Debug, Clone, Default)]
pub(super) struct Region {
    pub(super) hasher: Hasher,
    pub(super) bytes: u64,
}

impl Region {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Returns the value of `torn_digest`.
    pub(super) fn digest(self) -> String {
        format!("sha256:{}", self.hasher.finish())
    }
}

/// A line.
pub(super) struct Line {
    /// The text without the line break; only the beginning of a line that is too long.
    pub(super) text: Vec<u8>,
    pub(super) is_terminated: bool,
    /// The region before the line with the line, if there is one, or the line is too long.
    region: Option<Region>,
}

impl Line {
    /// Returns the region that ends with this line.
    pub(super) fn into_region(self) -> Region {
        self.region.unwrap_or_else(|| {
            let mut region = Region::default();
            region.add(&self.text);
            region.add(if self.is_terminated { b"\n" } else { b"" });
            region
        })
    }
}

/// Reads a line. `region` is what it continues. `None` at the end.
///
/// # Errors
/// If the reader fails.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    region: Option<Region>,
) -> io::Result<Option<Line>> {
    let mut line = Line { text: Vec::new(), is_terminated: false, region };
    let mut is_empty = true;
    while !line.is_terminated {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            break;
        }
        is_empty = false;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let text = &buffer[..end.unwrap_or(buffer.len())];
        // One byte more than a record may have, so that it is known to be too long.
        let kept = text.len().min(MAX_RECORD_BYTES + 1 - line.text.len());
        let used = text.len() + usize::from(end.is_some());
        if kept < text.len() && line.region.is_none() {
            line.region.insert(Region::default()).add(&line.text);
        }
        if let Some(region) = &mut line.region {
            region.add(&buffer[..used]);
        }
        line.text.extend_from_slice(&text[..kept]);
        line.is_terminated = end.is_some();
        reader.consume(used);
    }
    Ok((!is_empty).then_some(line))
}

/// What a line says, if it is a record whose hash is right.
pub(super) struct Checked {
    pub(super) event_id: String,
    pub(super) event_hash: String,
    pub(super) previous_hash: Option<String>,
    pub(super) torn_digest: Option<String>,
    pub(super) lost_records: u64,
}

/// A line that is no record, or one that was changed.
pub(super) struct Broken {
    /// Whether the text ends too early.
    pub(super) is_incomplete: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    event_hash: Cow<'a, str>,
    event_id: String,
    event_type: String,
    extensions: Map<String, Value>,
    occurred_at: String,
    outcome: String,
    previous_hash: Option<String>,
    principal_id: String,
    tool_name: Option<String>,
}

/// Checks a line on its own.
///
/// # Errors
/// If it is no record, or was changed.
pub(super) fn check(text: &[u8]) -> Result<Checked, Broken> {
    let changed = Broken { is_incomplete: false };
    let value = match serde_json::from_slice::<Value>(text) {
        Ok(value) => value,
        Err(error) => return Err(Broken { is_incomplete: error.is_eof() }),
    };
    // One spelling only: a member that occurs twice, and white space, are changes.
    if text.len() > MAX_RECORD_BYTES || canonical(&value) != text {
        return Err(changed);
    }
    let Ok(members) = serde_json::from_slice::<Members<'_>>(text) else { return Err(changed) };
    let start = LINE_START.len() + members.event_hash.len() + 2;
    let Some(rest) = text.get(start..) else { return Err(changed) };
    // Only what the log says about itself.
    let is_own = members.principal_id == "server"
        && matches!(&*members.event_type, AuditEvent::AUDIT_OPENED | AuditEvent::RECORDS_LOST);
    let own = members.extensions.get(EXTENSION).filter(|_| is_own).and_then(Value::as_object);
    let detail = |name: &str| own.and_then(|own| own.get(name)?.as_str());
    let texts = [
        Some(&*members.event_id),
        Some(&*members.event_type),
        Some(&*members.principal_id),
        members.tool_name.as_deref(),
    ];
    let is_record = is_hash(&members.event_hash)
        && sha256(&[b"{", rest]) == *members.event_hash
        && members.previous_hash.as_deref().is_none_or(is_hash)
        && Outcome::of(&members.outcome).is_some()
        && is_time(&members.occurred_at)
        && texts.into_iter().flatten().all(is_valid)
        && !members.extensions.is_empty()
        && members.extensions.values().all(|data| data.is_object() && is_plain(data));
    if !is_record {
        return Err(changed);
    }
    Ok(Checked {
        torn_digest: detail("torn_digest").map(str::to_owned),
        lost_records: detail("lost_records").and_then(|count| count.parse().ok()).unwrap_or(0),
        event_id: members.event_id,
        event_hash: members.event_hash.into_owned(),
        previous_hash: members.previous_hash,
    })
}

/// Returns the `event_id` of a line that may be broken.
pub(super) fn event_id(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (_, after) = text.split_once("\"event_id\":\"")?;
    after.split_once('"').map(|(id, _)| id.to_owned())
}

/// Whether all leaves are strings, booleans or null.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(_) => false,
        Value::String(text) => is_valid(text),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.values().all(is_plain),
    }
}

/// Whether a text is a time in UTC with milliseconds.
fn is_time(text: &str) -> bool {
    let shape = "0000-00-00T00:00:00.000Z";
    let is_alike = |(byte, shape): (u8, u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        shape => byte == shape,
    };
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(is_alike)
        && humantime::parse_rfc3339(text).is_ok()
}
