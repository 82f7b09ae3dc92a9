//! What the store keeps for a task, beside its state: the call, the status message with the open
//! questions, the journal, and the outcome. Each record begins with its version, and is sealed by
//! the vault for its task, its owner and its place in the journal.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::revision::Revision;
use mcp_core::types::{Content, InputRequest};
use serde::{Deserialize, Serialize};

use crate::questions::{Journal, SentQuestion, StoredAnswer};
use crate::seal::{Place, Vault};
use crate::store::{StoreError, TaskHead, TaskRecord};

/// The version of all records, which is their first byte. A record of another version is not read.
const VERSION: u8 = 1;

/// The call that a task runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredCall<'a> {
    #[serde(rename = "t", borrow)]
    pub(super) tool: Cow<'a, str>,
    #[serde(rename = "v", borrow)]
    pub(super) revision: Cow<'a, str>,
    #[serde(rename = "i")]
    pub(super) id: RequestId,
    /// The principal of the caller.
    #[serde(rename = "p", borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<Cow<'a, str>>,
    /// `name`, `arguments` and `_meta`.
    #[serde(rename = "c")]
    pub(super) params: RawJson,
    /// The arguments as the client sent them, if the call was in the form of a dialect. Those of
    /// `params` are in the form of the schema as written, and are not translated again: the tool
    /// may have another dialect by then.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<RawJson>,
}

impl StoredCall<'_> {
    pub(super) fn revision(&self) -> Option<Revision> {
        self.revision.parse().ok()
    }
}

/// What changes together with the state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Detail {
    /// The revision of the call. Only requests of this revision may see the task, because its
    /// result is encoded for it.
    #[serde(rename = "v")]
    pub(super) revision: String,
    /// The scopes that the call needed. Only callers that have them may use the task. A record
    /// without this member is of a call that needed none.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scopes: Vec<String>,
    /// The size of the call and the journal, in bytes.
    #[serde(rename = "b", default)]
    pub(super) bytes: usize,
    /// The number of entries of the journal when the detail was written. While a task is parked,
    /// each change of the journal writes a detail, so that it is exact then.
    #[serde(rename = "n", default)]
    pub(super) entries: u64,
    /// Why a task failed, also one that is completed by a result with `isError`, so that the
    /// outcome need not be read to know it.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    /// The status message.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// The questions that have no answer.
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) questions: Vec<OpenQuestion>,
}

impl Detail {
    /// Returns a detail with what never changes, and nothing else. Every later detail of a task
    /// begins with it.
    pub(super) fn constants(&self) -> Self {
        let (revision, scopes) = (self.revision.clone(), self.scopes.clone());
        Self { revision, scopes, ..Self::default() }
    }
}

/// A question that has no answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OpenQuestion {
    /// The key on the wire, which no other question of the task has.
    #[serde(rename = "k")]
    pub(super) key: String,
    /// The question in the journal.
    #[serde(rename = "j")]
    pub(super) sent: SentQuestion,
    #[serde(rename = "r")]
    pub(super) request: InputRequest,
}

/// How a task ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With a result, encoded for the revision of the call.
    Result(JsonBytes),
    Error(ErrorObject),
}

impl Outcome {
    /// The message of an error, or the first text of a result with `isError`; `None` for other
    /// results.
    pub(super) fn failure(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Failure {
            #[serde(rename = "isError", default)]
            is_error: Option<bool>,
            #[serde(default)]
            content: Vec<Content>,
        }
        let result = match self {
            Self::Error(error) => return Some(error.message().to_owned()),
            Self::Result(result) => result,
        };
        let failure: Failure = result.parse().ok()?;
        let text = failure.content.iter().find_map(Content::as_text).unwrap_or("the tool failed");
        (failure.is_error == Some(true)).then(|| text.to_owned())
    }
}

/// An entry of the journal of a task.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    #[serde(rename = "s")]
    Step(String, RawJson),
    #[serde(rename = "a")]
    Answer(StoredAnswer),
    #[serde(rename = "q")]
    Asked(Asked),
    /// A claim begins to run the handler. Not recorded for the first claim of a task that is
    /// resumed, for which it makes no difference.
    #[serde(rename = "b")]
    Started(u64),
    /// The task runs again from nothing.
    #[serde(rename = "x")]
    Restarted,
}

/// The end of an execution that asked for input.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The claim of the execution.
    #[serde(rename = "f")]
    pub(super) fence: u64,
    /// The keys on the wire.
    #[serde(rename = "k")]
    pub(super) keys: Vec<String>,
    /// The number of rounds in which a question differed from that of the round before.
    #[serde(rename = "w")]
    pub(super) changed_rounds: u32,
    /// The state of an [`InputRequired`](crate::input::InputRequired).
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<RawJson>,
}

/// The journal of a task, as its next execution needs it.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The answers and the results of steps.
    pub(super) journal: Journal,
    /// The number of executions that asked for input.
    pub(super) rounds: u32,
    /// Whether the last execution that is recorded neither asked nor ended.
    pub(super) is_interrupted: bool,
    /// The number of claims after the first that were interrupted while they ran the handler.
    pub(super) interruptions: u32,
    /// The keys on the wire of all questions so far.
    pub(super) keys: HashSet<String>,
    /// The size of the entries, in bytes.
    pub(super) bytes: usize,
}

/// Encodes and decodes the records of one server.
#[derive(Debug)]
pub(super) struct Records {
    vault: Vault,
}

impl Records {
    pub(super) const fn new(vault: Vault) -> Self {
        Self { vault }
    }

    pub(super) fn encode_call(
        &self,
        task: &TaskHead,
        call: &StoredCall<'_>,
    ) -> Result<Bytes, StoreError> {
        self.encode(&place(task, "task call"), call)
    }

    /// Returns the text of a [`StoredCall`].
    pub(super) fn open_call(&self, record: &TaskRecord) -> Result<Bytes, StoreError> {
        self.open(&place(&record.head, "task call"), &record.call)
    }

    pub(super) fn encode_detail(
        &self,
        task: &TaskHead,
        detail: &Detail,
    ) -> Result<Bytes, StoreError> {
        self.encode(&place(task, "task detail"), detail)
    }

    pub(super) fn decode_detail(&self, task: &TaskHead) -> Result<Detail, StoreError> {
        let text = self.open(&place(task, "task detail"), &task.detail)?;
        serde_json::from_slice(&text).map_err(StoreError::invalid)
    }

    pub(super) fn encode_outcome(
        &self,
        task: &TaskHead,
        outcome: &Outcome,
    ) -> Result<Bytes, StoreError> {
        let (tag, text) = match outcome {
            Outcome::Result(result) => (b'R', result.clone()),
            Outcome::Error(error) => (b'E', JsonBytes::new(error).map_err(StoreError::invalid)?),
        };
        let mut record = Vec::with_capacity(2 + text.as_bytes().len());
        record.extend([VERSION, tag]);
        record.extend_from_slice(text.as_bytes());
        self.seal(&place(task, "task outcome"), &record.into())
    }

    pub(super) fn decode_outcome(
        &self,
        task: &TaskHead,
        outcome: &Bytes,
    ) -> Result<Outcome, StoreError> {
        let record = self.open(&place(task, "task outcome"), outcome)?;
        let text = std::str::from_utf8(record.get(1..).unwrap_or_default())
            .map_err(StoreError::invalid)?;
        match record.first() {
            Some(b'R') => Ok(Outcome::Result(JsonBytes::from_trusted(text))),
            Some(b'E') => {
                serde_json::from_str(text).map(Outcome::Error).map_err(StoreError::invalid)
            }
            _ => Err(StoreError::invalid("the outcome has an unknown layout")),
        }
    }

    /// Returns the record of an entry. It is sealed when its place in the journal is known.
    pub(super) fn entry(&self, entry: &Entry) -> Result<EntryRecord, StoreError> {
        let record = versioned(entry)?;
        Ok(EntryRecord { sealed_length: self.vault.sealed_length(record.len()), record })
    }

    /// Returns the entries of the journal of a call that becomes a task.
    pub(super) fn entries_of(&self, journal: Journal) -> Result<Vec<EntryRecord>, StoreError> {
        let Journal { answers, steps, state, changed_rounds, .. } = journal;
        let asked = Asked { changed_rounds, state, ..Asked::default() };
        let is_needed = asked.state.is_some() || asked.changed_rounds > 0;
        let asked = is_needed.then_some(Entry::Asked(asked));
        let steps = steps.into_iter().map(|(key, result)| Entry::Step(key, result));
        let entries =
            asked.into_iter().chain(answers.into_values().map(Entry::Answer)).chain(steps);
        entries.map(|entry| self.entry(&entry)).collect()
    }

    /// Seals entries that are appended to a journal which has `position` entries.
    pub(super) fn seal_entries(
        &self,
        task: &TaskHead,
        position: u64,
        entries: &[EntryRecord],
    ) -> Result<Vec<Bytes>, StoreError> {
        let entries = (position..).zip(entries);
        entries
            .map(|(position, entry)| {
                self.seal(&Place { position, ..place(task, "task journal") }, &entry.record)
            })
            .collect()
    }

    /// Reads the journal of a task, which has at least `min_entries` entries.
    pub(super) fn decode_journal(
        &self,
        record: &TaskRecord,
        min_entries: u64,
    ) -> Result<History, StoreError> {
        let found = record.journal.len() as u64;
        if found < min_entries {
            let text = format!("the journal has {found} entries, and had {min_entries}");
            return Err(StoreError::invalid(text));
        }
        let mut history = History::default();
        for (position, sealed) in (0..).zip(&record.journal) {
            history.bytes += sealed.len();
            let place = Place { position, ..place(&record.head, "task journal") };
            let text = self.open(&place, sealed)?;
            history.add(serde_json::from_slice(&text).map_err(StoreError::invalid)?);
        }
        Ok(history)
    }

    fn encode(&self, place: &Place<'_>, value: &impl Serialize) -> Result<Bytes, StoreError> {
        self.seal(place, &versioned(value)?)
    }

    fn seal(&self, place: &Place<'_>, record: &Bytes) -> Result<Bytes, StoreError> {
        self.vault.seal(place, record).map_err(StoreError::invalid)
    }

    /// Returns a record without its version.
    fn open(&self, place: &Place<'_>, sealed: &Bytes) -> Result<Bytes, StoreError> {
        let record = self.vault.open(place, sealed).map_err(StoreError::invalid)?;
        match record.first() {
            Some(&VERSION) => Ok(record.slice(1..)),
            Some(version) => Err(StoreError::invalid(format_args!(
                "a {} has the version {version}, and this process reads {VERSION}",
                place.kind
            ))),
            None => Err(StoreError::invalid(format_args!("a {} is empty", place.kind))),
        }
    }
}

/// The place of a record that a task has once.
fn place<'a>(task: &'a TaskHead, kind: &'static str) -> Place<'a> {
    Place { kind, owner: &task.owner, id: &task.id, position: 0 }
}

/// Returns the JSON of a value behind the version.
fn versioned(value: &impl Serialize) -> Result<Bytes, StoreError> {
    let mut record = vec![VERSION];
    serde_json::to_writer(&mut record, value).map_err(StoreError::invalid)?;
    Ok(record.into())
}

/// An entry of a journal that has no place yet.
#[derive(Debug, Clone)]
pub(super) struct EntryRecord {
    record: Bytes,
    sealed_length: usize,
}

impl EntryRecord {
    /// Returns its size in the store, in bytes.
    pub(super) const fn size(&self) -> usize {
        self.sealed_length
    }
}

impl History {
    fn add(&mut self, entry: Entry) {
        let journal = &mut self.journal;
        match entry {
            Entry::Step(key, result) => {
                journal.steps.insert(key, result);
            }
            Entry::Answer(answer) => journal.add_answer(answer),
            Entry::Asked(asked) => {
                journal.changed_rounds = asked.changed_rounds;
                journal.state = asked.state;
                // A call that became a task asked before it had a claim.
                if asked.fence > 0 {
                    self.rounds += 1;
                    if std::mem::take(&mut self.is_interrupted) && asked.fence > 1 {
                        self.interruptions -= 1;
                    }
                }
                self.keys.extend(asked.keys);
            }
            Entry::Started(fence) => {
                self.is_interrupted = true;
                self.interruptions += u32::from(fence > 1);
            }
            Entry::Restarted => *journal = Journal::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Servers of other versions share the store.
    #[test]
    fn a_detail_without_scopes_or_with_unknown_members_is_read() {
        let detail: Detail = serde_json::from_str(r#"{"v":"2026-07-28","zz":[1]}"#).unwrap();
        assert_eq!((&*detail.revision, detail.scopes.len()), ("2026-07-28", 0));
        let text = serde_json::to_string(&detail).unwrap();
        assert!(!text.contains("\"s\""), "{text}");
    }

    /// The time to read a journal and to look up each step, the least of some attempts.
    fn time_of(steps: usize) -> Duration {
        let result = RawJson::new(&1).unwrap();
        let keys: Vec<_> = (0..steps).map(|number| format!("step-{number}")).collect();
        let attempt = || {
            let started_at = Instant::now();
            let mut history = History::default();
            keys.iter().for_each(|key| history.add(Entry::Step(key.clone(), result.clone())));
            assert!(keys.iter().all(|key| history.journal.steps.contains_key(key)));
            started_at.elapsed()
        };
        (0..5).map(|_| attempt()).min().unwrap()
    }

    /// Four times as many steps take about 4 times as long; if each were searched, 16 times.
    #[test]
    fn the_time_to_read_a_journal_is_not_quadratic() {
        let (quarter, whole) = (time_of(2_500), time_of(10_000));
        assert!(whole < quarter * 9, "2,500 steps took {quarter:?}, and 10,000 took {whole:?}");
    }
}
