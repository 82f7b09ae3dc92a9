//! A client for the tests of a server, with assertions. Feature `testing`.
//!
//! [`client`] connects to a server in memory: no process, no socket, no bytes. It speaks any
//! revision, by default the newest of the server. A call returns what the server answered, and the
//! assertions on it panic with what was expected and what came.
//!
//! ```
//! use mcp_server::{Server, routes, test, tool};
//! use serde_json::json;
//!
//! /// Divide two numbers.
//! #[tool]
//! async fn divide(dividend: f64, divisor: f64) -> Result<f64, String> {
//!     match divisor {
//!         0.0 => Err("divisor must not be 0".to_owned()),
//!         divisor => Ok(dividend / divisor),
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![divide])).await;
//! let half = client.call("divide", json!({ "dividend": 1, "divisor": 2 })).await;
//! half.assert_text("0.5");
//! client.call("divide", json!({ "dividend": 1, "divisor": 0 })).await.assert_error("not be 0");
//! client.call("divide", json!({ "dividend": 1 })).await.assert_error_at("/divisor");
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [The guide](crate::guide::testing) has a page about it.

mod answers;
mod builder;
mod client;
mod diff;
mod lists;
mod snapshot;
mod tool_answer;

pub use builder::{ClientBuilder, IntoServer, client};
pub use client::Client;
pub use lists::Lists;
pub use tool_answer::ToolAnswer;
