//! A tamper-evident record of what callers did: one record for each call and each refusal, in a
//! chain of hashes.
//!
//! [`AuditLayer`](crate::layer::AuditLayer) records the calls of a server into an [`AuditLog`], and
//! [`AuditLog::record`] anything else. [`verify`] finds the first record that was changed, removed
//! or moved. Feature `audit`.
//!
//! ```no_run
//! use mcp_server::Server;
//! use mcp_server::audit::AuditLog;
//! use mcp_server::layer::AuditLayer;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let log = AuditLog::builder().open("audit.jsonl")?;
//! let server = Server::builder("payroll", "1.0.0").layer(AuditLayer::new(log.clone()));
//! # Ok(())
//! # }
//! ```
//!
//! # Records
//!
//! A record is one line of JSON, in the shape of the draft "Tamper-Evident Audit Record Contract"
//! (SEP-3004):
//!
//! | member | value |
//! |---|---|
//! | `event_id` | unique in the chain: an id of the process, and a number that counts up |
//! | `occurred_at` | when it happened, by the clock of the server: RFC 3339 in UTC, with milliseconds |
//! | `principal_id` | the [`Principal`](crate::Principal), or `anonymous`, or `server` for its own records |
//! | `event_type` | `tool_call`, `prompt_get`, …, see [`AuditEvent`] |
//! | `tool_name` | the tool, or null |
//! | `outcome` | `allowed`, `denied`, `deferred` or `error`, see [`Outcome`] |
//! | `extensions` | what else is known, under `mcp-server` |
//! | `previous_hash` | the `event_hash` of the record before, or null |
//! | `event_hash` | SHA-256 of the record without this member |
//!
//! The members are sorted, and all values are strings, booleans or null, so that the bytes are the
//! same wherever the hash is computed. The extension `mcp-server` is this crate's own; the draft
//! has no registration for it.
//!
//! Text in a record is in Unicode normalization form C. Control characters, spaces at the ends, and
//! characters that could be composed differently are written as `\u{…}`, and a backslash as `\\`. A
//! text over 1,024 bytes (4,096 for recorded arguments) is cut, and ends with `\cut{sha256:…}`, the
//! hash of the whole. A record over 8,192 bytes has shorter texts in `extensions`, and if that is
//! not enough only the hash of `extensions`.
//!
//! # What the chain proves
//!
//! A record that was changed, removed, inserted or moved breaks the chain, and [`verify`] names it.
//! The chain does not prove that the last records were not cut off, or that all of it was not
//! written again: anyone who can write the file can do both. Keep [`AuditLog::head`] in another
//! place now and then, and pass it to [`Verifier::anchor`].

mod builder;
mod digest;
mod error;
mod event;
mod fault;
mod file;
mod limits;
mod line;
mod log;
mod record;
mod settings;
mod shared;
mod sink;
#[cfg(test)]
mod tests;
mod text;
mod verifier;
mod worker;

pub use builder::AuditLogBuilder;
pub use error::AuditError;
pub use event::{AuditEvent, Outcome};
pub use fault::{Fault, FaultKind};
pub use limits::AuditLimits;
pub use log::AuditLog;

pub use record::AuditRecord;
pub use settings::{Arguments, Fsync, OnFailure};
pub use shared::AuditHead;
pub use sink::{AuditSink, SinkError};
pub use verifier::{Report, Verifier, verify};
