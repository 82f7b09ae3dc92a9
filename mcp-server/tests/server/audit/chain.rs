//! Chains of records for the tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mcp_server::async_trait;
use mcp_server::audit::{
    AuditEvent, AuditLog, AuditLogBuilder, AuditRecord, AuditSink, Fsync, Outcome, Report,
    SinkError, verify,
};
use mcp_test_support::Gate;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a path for a log.
pub fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    (folder, path)
}

/// A log that leaves it to the system when records are on the disk.
pub fn quick() -> AuditLogBuilder {
    AuditLog::builder().fsync(Fsync::Never)
}

pub fn event(number: usize) -> AuditEvent {
    let outcomes = [Outcome::Allowed, Outcome::Denied, Outcome::Deferred, Outcome::Error];
    AuditEvent::new(AuditEvent::TOOL_CALL, outcomes[number % 4])
        .tool(format!("tool-{}", number % 7))
        .detail("number", number)
        .detail("text", "a \"quoted\" text\nof two lines, with ü and e\u{301}")
}

/// Writes a file of records.
pub async fn write(path: &Path, records: usize) {
    let log = quick().open(path).unwrap();
    for number in 1..records {
        // The log has written a first record about itself.
        log.record(event(number)).await.unwrap();
    }
    log.close().await.unwrap();
}

/// The records of a file.
pub fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn id(line: &[u8]) -> String {
    let record: Value = serde_json::from_slice(line).unwrap();
    record["event_id"].as_str().unwrap().to_owned()
}

/// Keeps records in memory.
#[derive(Clone, Default)]
pub struct Memory {
    pub stored: Arc<Mutex<String>>,
    pub fails: Arc<AtomicBool>,
    pub attempts: Arc<AtomicUsize>,
    pub gate: Option<Gate>,
}

#[async_trait]
impl AuditSink for Memory {
    async fn write(&self, records: &[AuditRecord]) -> Result<(), SinkError> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if let Some(gate) = &self.gate {
            gate.wait().await;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err("the database is down".into());
        }
        let mut stored = self.stored.lock().unwrap();
        for record in records {
            stored.push_str(record.as_json());
            stored.push('\n');
        }
        Ok(())
    }
}

impl Memory {
    pub fn report(&self) -> Report {
        verify(self.stored.lock().unwrap().as_bytes()).unwrap_or_else(|fault| panic!("{fault}"))
    }

    pub fn count(&self, event_type: &str) -> usize {
        let member = format!("\"event_type\":\"{event_type}\"");
        self.stored.lock().unwrap().matches(&member).count()
    }

    /// Takes the records, except those of the log about itself. What follows is a part of a chain.
    pub fn take(&self) -> Vec<Value> {
        let text = std::mem::take(&mut *self.stored.lock().unwrap());
        let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
        records.filter(|record: &Value| record["principal_id"] != "server").collect()
    }
}
