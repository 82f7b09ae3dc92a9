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
//! * **Connecting**: [`Client::connect_command`] starts a server, [`Client::connect`] takes any pair of byte
//!   streams, [`Client::connect_memory`] a server in this process. [`Client::builder`] sets names, timeouts,
//!   bounds and handlers. Which revision the server speaks is found out.
//! * **Calling**: calls are builders that are awaited ([`Call`], [`List`]). Dropping their future cancels them
//!   on the server. Each has an idle timeout, which progress extends, and a total one.
//! * **Being asked**: [`ClientBuilder::on_elicit`] and its like answer the server's questions, in both eras;
//!   [`Call::once`] hands them to the caller instead.
//! * **Being told**: [`Client::subscribe`], [`Client::notifications`], [`Client::log_messages`].
//! * **Many servers**: [`ClientGroup`] lists the tools of all of them and finds whose is called.
//! * **Errors**: [`Error::kind`] tells a server's answer from a lost connection, an expired timeout and an
//!   answer that cannot be read; [`Error::json`] shows the latter.
//!
//! What is here, in reading order: `client`, `call`, `request` (one request and its answer), `params`, `era` (the
//! beginning of a conversation), `inbound` and `handler` (what the server asks and tells), `connection`,
//! `child_process`.

mod backoff;
mod builder;
mod cache;
mod call;
mod child_process;
mod client;
mod connection;
mod era;
mod error;
mod error_chain;
mod event;
pub mod group;
mod handler;
mod handling;
#[cfg(feature = "http")]
pub mod http;
mod inbound;
mod limits;
mod mailbox;
#[cfg(feature = "oauth")]
pub mod oauth;
mod params;
mod progress;
mod request;
mod restart;
mod skill;
mod subscription;

pub use builder::ClientBuilder;
pub use cache::SharedCache;
pub use call::{
    Call, CallOnce, List, Listed, Listing, Outcome, PendingInput, SavedInput, ToolReply,
};
pub use child_process::ChildCommand;
pub use client::Client;
pub use era::KnownServer;
pub use error::{Error, ErrorKind, Expired};
pub use event::{Event, LogMessages, Notifications};
pub use group::ClientGroup;
pub use skill::DirectoryEntry;
#[cfg(feature = "skills")]
pub use skill::LoadedSkill;
pub use subscription::Subscription;

pub use limits::Limits;
pub use mcp_core::jsonrpc::ErrorObject;
pub use mcp_core::revision::{Era, Revision};
pub use mcp_core::{ConnectionLimits, json, jsonrpc, meta, method, service, transport, types};
pub use serde_json;
