//! Servers for the Model Context Protocol, whose tools, prompts and resources are async functions.
//!
//! ```no_run
//! use mcp_server::{Server, routes, tool};
//!
//! /// Add two numbers.
//! #[tool]
//! async fn add(/** first addend */ a: i64, /** second addend */ b: i64) -> i64 {
//!     a + b
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), mcp_server::ServeError> {
//!     Server::builder("calculator", "1.0.0").routes(routes![add]).serve_stdio().await
//! }
//! ```
//!
//! [The guide](guide) explains everything from front to back, from `Cargo.toml` to hosts and HTTP.
//!
//! | task | see |
//! |---|---|
//! | build and serve a server | [`Server`], [`ServerBuilder`] |
//! | write tools, prompts and resources with macros | [`macro@tool`], [`macro@tools`], [`macro@prompt`], [`macro@resource`] |
//! | write them without macros | [`tool`](mod@tool), [`prompt`](mod@prompt), [`resource`](mod@resource), [`handler`], [`extract`] |
//! | read the call, report progress, log | [`Context`] |
//! | ask the user, or the client's model | [`input`] |
//! | suggest values for arguments | [`completion`] |
//! | add and remove tools at runtime | [`ServerHandle`] |
//! | run code around every call | [`layer`] |
//! | fit the schemas of tools to hosts | [`dialect`], [`lint`] |
//! | serve the methods of a jsonrpsee module | `bridge`, with the feature `jsonrpsee` |
//! | record what callers did | `audit`, with the feature `audit` |
//! | test a server | `test`, with the feature `testing` |
//! | set limits | [`Limits`] |
//!
//! The crate root re-exports what nearly every server uses; the rest is in the modules.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `stdio` (default) | [`Server::serve_stdio`] |
//! | `http` | [`Server::serve_http`], [`Server::into_service`]: Streamable HTTP |
//! | `http-sse` | the transport of 2024-11-05 beside it |
//! | `auth` | [`ServerBuilder::protect`]: access tokens and scopes |
//! | `sealed-state` (default) | questions during calls of 2026-07-28; `http` and `tasks` contain it |
//! | `tasks`, `redb`, `redis` | [tasks](task), in memory, in a file, in Redis |
//! | `policy`, `audit` | [rules](policy) for calls, and a [record](audit) of them |
//! | `otel` | [OpenTelemetry](telemetry) |
//! | `tower` | layers of the crate `tower` |
//! | `jsonrpsee` | [jsonrpsee modules](bridge) as tools, and servers as modules |
//! | `testing` | a [client for tests](mod@test) of a server |
//! | `test-util` | the tests that every [`store`] must pass |

#![cfg_attr(docsrs, feature(doc_cfg))]
// The front page names what only some features have.
#![cfg_attr(
    not(all(feature = "http", feature = "jsonrpsee", feature = "tasks", feature = "testing")),
    allow(rustdoc::broken_intra_doc_links, reason = "the gate documents all features")
)]

#[cfg(feature = "audit")]
pub mod audit;
pub mod auth;
mod blocking;
#[cfg(feature = "jsonrpsee")]
pub mod bridge;
mod call;
mod clock;
pub mod completion;
mod context;
mod custom_method;
mod definition;
mod describe_value;
pub mod dialect;
mod error;
pub mod extension;
pub mod extract;
#[cfg(feature = "http")]
mod fleet;
mod fragment;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
pub mod handler;
mod hex;
#[cfg(feature = "http")]
pub mod http;
pub mod input;
#[cfg(feature = "http")]
mod instance;
mod json_text;
pub mod layer;
mod limits;
pub mod lint;
#[doc(hidden)]
pub mod macro_support;
mod notices;
pub mod progress;
pub mod prompt;
mod questions;
mod registry;
pub mod resource;
pub mod route;
mod router;
mod schema;
mod seal;
mod serve;
mod server;
mod shrink;
#[cfg(feature = "stdio")]
mod stdio;
#[cfg(any(feature = "http", feature = "tasks"))]
pub mod store;
mod subscription;
#[cfg(feature = "tasks")]
pub mod task;
#[cfg(feature = "testing")]
pub mod test;
pub mod tool;
#[cfg(any(feature = "stdio", feature = "http"))]
mod watch;
mod wire;
mod wiring;

pub use auth::Principal;
pub use context::Context;
pub use error::{BuildError, ServeError, ToolError};
pub use limits::Limits;
pub use registry::ServerHandle;
pub use server::{Connection, Server, ServerBuilder};

pub use mcp_core::jsonrpc::ErrorObject;
#[cfg(feature = "policy")]
pub use mcp_core::policy;
pub use mcp_core::{ConnectionLimits, Revision};
pub use mcp_core::{extensions, json, jsonrpc, meta, method, service, telemetry, types};
pub use mcp_macros::{Elicit, prompt, resource, tool, tools};
pub use {schemars, serde, serde_json};
