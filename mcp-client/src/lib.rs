//! A client for servers of the Model Context Protocol, of every revision.
//!
//! ```no_run
//! use std::process::Command;
//! use mcp_client::{Client, serde_json::json};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect_command(Command::new("calculator")).await?;
//! for tool in client.list_tools().await? {
//!     println!("{}", tool.name);
//! }
//! let sum: i64 = client.call_tool("add", &json!({"a": 1, "b": 2})).await?.structured()?;
//! println!("{sum}");
//! client.close().await;
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
//! * **Configuration files**: [`ClientGroup::from_config`] starts the servers of a file of another
//!   host, such as `.mcp.json`, which [`config`] reads.
//! * **Errors**: [`Error::kind`] distinguishes a server's answer from a lost connection, an expired
//!   timeout and an answer that cannot be read; [`Error::json`] shows the latter.
//!
//! [The guide](guide) explains all of it from front to back.
//!
//! # Servers over HTTP, and questions of servers
//!
//! With the feature `http`, a URL takes the place of the command. The client finds out which
//! transport the server speaks, resumes streams that break, and replaces lost sessions. Handlers
//! answer what a server asks in the middle of a call.
//!
//! ```no_run
//! use mcp_client::types::ElicitResult;
//! use mcp_client::{Client, ErrorKind, serde_json::json};
//!
//! # #[cfg(feature = "http")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder()
//!     .on_elicit(|form| async move {
//!         println!("{}", form.message);
//!         Ok(ElicitResult::decline())
//!     })
//!     .connect_http("https://mcp.example.com/mcp")
//!     .await?;
//! match client.call_tool("book", &json!({"seats": 2})).await {
//!     Ok(reply) => println!("{}", reply.text()),
//!     // It may have run: it is not sent again, and the caller decides.
//!     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => println!("check: {error}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | none | child processes, byte streams, servers in this process |
//! | `http` | [`Client::connect_http`]: Streamable HTTP and HTTP+SSE, with TLS |
//! | `oauth` | [`oauth::OAuth`]: authorization |
//! | `keychain` | `oauth::KeychainStore`: credentials in the keychain of the user |
//! | `policy` | [`ClientBuilder::policy`]: rules for calls |
//! | `skills` | [`Client::load_skill`] |
//! | `otel` | [OpenTelemetry](telemetry) |

#![cfg_attr(docsrs, feature(doc_cfg))]
// The front page names what only some features have.
#![cfg_attr(
    not(all(feature = "keychain", feature = "policy", feature = "skills")),
    allow(rustdoc::broken_intra_doc_links, reason = "the gate documents all features")
)]

mod abort_on_drop;
mod backoff;
mod builder;
mod cache;
mod call;
mod child_process;
mod client;
mod closed;
pub mod config;
mod connect_phase;
mod connection;
mod deadline;
mod era;
mod error;
mod error_kind;
mod event;
mod event_queue;
pub mod extension;
mod fnv;
pub mod group;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
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
mod question;
mod request;
mod skill;
mod startup;
mod subscription;
pub mod task;

pub use builder::ClientBuilder;
pub use cache::{CacheLimits, SharedCache};
pub use call::{
    Call, CallOnce, List, ListLimits, Listed, Listing, Outcome, PendingInput, SavedInput, ToolReply,
};
pub use child_process::ChildCommand;
pub use client::Client;
pub use closed::Closed;
pub use connect_phase::ConnectPhase;
pub use era::KnownServer;
pub use error::{Error, ErrorKind, Expired};
pub use event::Event;
pub use group::ClientGroup;
pub use handler::QuestionHandler;
pub use notifications::{LogMessages, Notifications};
pub use question::{OriginatingCall, Question};
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
