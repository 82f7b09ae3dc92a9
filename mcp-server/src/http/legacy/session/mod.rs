//! Sessions of the legacy era: which client each belongs to, what runs in it, and when it ends.
//!
//! An idle session is one entry of a map: no task, no channel, no timer of its own. One sweeper
//! looks after all of them, and exists only while there are any.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Session Management; THREAT-46 to THREAT-49.

mod entry;
mod id;
mod in_flight;
mod messages;
mod rare_map;
mod table;

#[cfg(feature = "http-sse")]
pub(in crate::http) use entry::Permit;
pub(in crate::http) use entry::{Busy, Detached, Entry, EntryKind, SESSION_FULL};
pub use id::SessionId;
pub(in crate::http) use table::{SESSIONS_FULL, SESSIONS_OF_PRINCIPAL_FULL, Sessions};
