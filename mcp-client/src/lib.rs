//! A client for servers of the Model Context Protocol, of every revision.
//!
//! ```no_run
//! use std::process::Command;
//! use mcp_client::{Client, serde_json::json};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect_command(Command::new("notes-server")).await?;
//! for tool in client.list_tools().await? {
//!     println!("{}", tool.name);
//! }
//! let sum: i64 = client.call_tool("add", &json!({"a": 1, "b": 2})).await?.structured()?;
//! # Ok(())
//! # }
//! ```
//!
//! * **Connecting**: [`Client::connect_command`] starts a server, [`Client::connect`] takes any
//!   pair of byte streams, [`Client::connect_memory`] a server in this process. [`Client::builder`]
//!   sets timeouts, bounds and handlers. The client finds out which revision the server speaks.
//! * **Calling**: calls are builders that are awaited ([`Call`], [`List`]). Dropping their future
//!   cancels them on the server. Each has an idle timeout, which progress restarts, and a total
//!   one.
//! * **Questions of the server**: [`ClientBuilder::on_elicit`] and its siblings answer them, in
//!   both eras; [`Call::once`] returns them to the caller instead.
//! * **Tasks**: [`ClientBuilder::tasks`] lets servers deliver results later; calls wait for them,
//!   and [`task::TaskHandle`] follows one without waiting.
//! * **Notifications**: [`Client::subscribe`], [`Client::notifications`], [`Client::log_messages`].
//! * **Many servers, and restarts**: [`ClientGroup`] lists the tools of all servers, finds the
//!   server of a call, and restarts servers that exit. A [`Client`] is one connection.
//! * **Errors**: [`Error::kind`] distinguishes a server's answer from a lost connection, an expired
//!   timeout and an answer that cannot be read; [`Error::json`] shows the latter.
//!
//! The files, in reading order: `client`, `call`, `request` (one request and its answer), `params`,
//! `era` (the beginning of a conversation), `inbound` and `handler` (requests and notifications of
//! the server), `connection`, `outbound`, `child_process`.

mod abort_on_drop;
mod backoff;
mod builder;
mod cache;
mod call;
mod child_process;
mod client;
mod connection;
mod deadline;
mod era;
mod error;
mod event;
mod event_queue;
pub mod extension;
pub mod group;
mod handler;
mod handling;
#[cfg(feature = "http")]
pub mod http;
mod inbound;
mod limits;
mod notifications;
#[cfg(feature = "oauth")]
pub mod oauth;
mod outbound;
mod params;
#[cfg(feature = "policy")]
pub mod policy;
mod progress;
mod request;
mod skill;
mod subscription;
pub mod task;

pub use builder::ClientBuilder;
pub use cache::{CacheLimits, SharedCache};
pub use call::{
    Call, CallOnce, List, ListLimits, Listed, Listing, Outcome, PendingInput, SavedInput, ToolReply,
};
pub use child_process::ChildCommand;
pub use client::Client;
pub use era::KnownServer;
pub use error::{Error, ErrorKind, Expired};
pub use event::Event;
pub use group::ClientGroup;
pub use notifications::{LogMessages, Notifications};
pub use skill::DirectoryEntry;
#[cfg(feature = "skills")]
pub use skill::{LoadedSkill, SkillLimits};
pub use subscription::Subscription;

pub use limits::Limits;
pub use mcp_core::jsonrpc::ErrorObject;
pub use mcp_core::revision::{Era, Revision};
pub use mcp_core::{
    ConnectionLimits, json, jsonrpc, meta, method, service, telemetry, transport, types,
};
pub use serde_json;
