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
//! What follows here is the shortest form of what most servers need.
//!
//! # Arguments and results
//!
//! Parameters become the input schema of a tool: their names, types and doc comments. A call with
//! wrong arguments is answered before the function runs, with every mistake and its place. The
//! return type decides what a caller receives: a text, blocks of content, or a structured result
//! with an output schema.
//!
//! ```
//! use mcp_server::tool;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(rename_all = "lowercase")]
//! enum Unit {
//!     Celsius,
//!     Fahrenheit,
//! }
//!
//! /// A weather forecast.
//! #[derive(Serialize, JsonSchema)]
//! struct Weather {
//!     /// Degrees, in the requested unit.
//!     temperature: f64,
//! }
//!
//! /// Get the weather forecast for a city.
//! #[tool(read_only)]
//! async fn weather(city: String, #[arg(default = Unit::Celsius)] unit: Unit) -> Weather {
//!     let celsius = if city == "Bergen" { 9.0 } else { 21.0 };
//!     let temperature = match unit {
//!         Unit::Celsius => celsius,
//!         Unit::Fahrenheit => celsius * 1.8 + 32.0,
//!     };
//!     Weather { temperature }
//! }
//! ```
//!
//! # Errors and state
//!
//! The model reads a [`ToolError`], and corrects itself; `?` makes one of any error. The client
//! receives an [`ErrorObject`] as a JSON-RPC error. What all calls share is a
//! [`State`](extract::State), which is a parameter like the [`Context`] of the call.
//!
//! ```
//! use mcp_server::extract::State;
//! use mcp_server::{Context, Server, ToolError, routes, tool};
//! use std::collections::HashMap;
//! use std::sync::Arc;
//!
//! struct Catalog {
//!     titles: HashMap<u32, String>,
//! }
//!
//! /// Find the title of a book.
//! #[tool(read_only)]
//! async fn title(
//!     ctx: &Context,
//!     catalog: State<Arc<Catalog>>,
//!     number: u32,
//! ) -> Result<String, ToolError> {
//!     ctx.progress(1, 2).await;
//!     let title = catalog.titles.get(&number);
//!     title.cloned().ok_or_else(|| ToolError::new(format!("there is no book {number}")))
//! }
//!
//! let catalog = Catalog { titles: HashMap::from([(7, "Hunger".to_owned())]) };
//! let server = Server::builder("library", "1.0.0")
//!     .state(Arc::new(catalog))
//!     .routes(routes![title])
//!     .build()?; // Reports all mistakes in the wiring, such as a missing state.
//! # Ok::<(), mcp_server::BuildError>(())
//! ```
//!
//! # HTTP
//!
//! With the feature `http` the same server serves any number of clients over Streamable HTTP:
//! alone, or as a [`Service`](http::HttpService) in a router of axum beside other routes.
//!
//! ```no_run
//! # use mcp_server::{Server, ServeError};
//! # async fn serve() -> Result<(), ServeError> {
//! let server = Server::builder("calculator", "1.0.0");
//! # #[cfg(feature = "http")]
//! server.serve_http("127.0.0.1:8080").await // http://127.0.0.1:8080/mcp
//! # ; Ok(())
//! # }
//! ```
//!
//! # Where to find what
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
//! | `sealed-state` (default) | questions during calls of 2026-07-28; `http`, `auth`, `tasks`, `redb`, `redis` and `policy` contain it |
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
pub use custom_method::MethodCall;
pub use error::{BuildError, ServeError, ToolError};
pub use limits::Limits;
pub use registry::ServerHandle;
pub use server::{Connection, Server, ServerBuilder};

/// Goes before implementations of the traits with async functions: stores, verifiers of tokens,
/// sinks of audit records.
#[cfg(any(feature = "http", feature = "tasks", feature = "audit"))]
pub use async_trait::async_trait;
pub use mcp_core::jsonrpc::ErrorObject;
#[cfg(feature = "policy")]
pub use mcp_core::policy;
pub use mcp_core::{ConnectionLimits, Revision};
pub use mcp_core::{extensions, json, jsonrpc, meta, method, service, telemetry, types};
pub use mcp_macros::{Elicit, prompt, resource, tool, tools};
pub use {schemars, serde, serde_json};
