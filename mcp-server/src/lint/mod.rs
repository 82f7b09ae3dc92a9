//! Finds what hosts break on in the names and schemas of tools.
//!
//! Hosts and model providers support different parts of JSON Schema, and rewrite names that they do
//! not allow. Some drop a tool that they cannot convert, and some the whole list. None of what is
//! found violates the protocol. [`Server::lint`](crate::Server::lint) returns the findings, and
//! building a server logs them, unless
//! [`ServerBuilder::schema_lints`](crate::ServerBuilder::schema_lints) is false.
//!
//! ```
//! use mcp_server::{Server, routes, tool};
//!
//! /// Store a value.
//! #[tool]
//! async fn store(value: serde_json::Value) -> String {
//!     value.to_string()
//! }
//!
//! let server = Server::builder("store", "1.0.0").routes(routes![store]).build()?;
//! let findings: Vec<String> = server.lint().iter().map(ToString::to_string).collect();
//! assert_eq!(
//!     findings,
//!     [
//!         "tool \"store\" at #/properties/value: a schema without a type, which some hosts \
//!          refuse; use a type with a schema, or a SchemaDialect"
//!     ]
//! );
//! # Ok::<(), mcp_server::BuildError>(())
//! ```

mod finding;
mod report;
mod walk;

pub use finding::{Finding, Problem};
pub(crate) use report::{findings, log};
