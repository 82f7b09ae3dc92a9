//! Servers of the Model Context Protocol: write a function, and it is a tool for every client.
//!
//! ```no_run
//! use mcp_server::{Server, tool, tools};
//!
//! /// Add two numbers.
//! #[tool]
//! async fn add(/** first addend */ a: i64, /** second addend */ b: i64) -> i64 {
//!     a + b
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), mcp_server::ServeError> {
//!     Server::new("calculator", "1.0.0").tools(tools![add]).serve_stdio().await
//! }
//! ```
//!
//! Reading order: [`Server`] (what it is made of), [`ToolRoute`], [`PromptRoute`] and [`ResourceRoute`] (what
//! macros write and you can write by hand), [`Context`] (what a running call knows and says), [`extract`],
//! [`layer`], [`ServerHandle`] (changes at runtime).

mod blocking;
mod completion;
mod context;
mod era;
mod error;
pub mod extract;
mod handle;
mod handler;
mod input;
pub mod layer;
mod progress;
mod prompt;
mod registry;
mod resource;
mod router;
mod serve;
mod server;
#[cfg(feature = "stdio")]
mod stdio;
mod subscription;
mod tool;

pub use completion::{CompletionCall, CompletionFuture};
pub use context::{Context, HandlerCall, HandlerFuture};
pub use era::Connection;
pub use error::{BuildError, IntoToolError, ServeError, ToolError};
pub use extract::{Args, Extension, State, from_text};
pub use handle::ServerHandle;
pub use handler::Handler;
pub use input::{Answer, AskError, AskErrorKind, Elicit, Form};
pub use prompt::{IntoPromptResult, IntoRequestError, PromptBuilder, PromptCall, PromptFuture, PromptRoute};
pub use resource::{
    IntoResourceResult, ResourceBuilder, ResourceCall, ResourceFuture, ResourceRoute, Template, TemplateError,
};
pub use server::{BuiltServer, Provider, Routes, Server};
pub use tool::{
    ArgumentErrors, Audio, Field, Image, IntoToolResult, Structured, ToolBuilder, ToolCall, ToolFuture,
    ToolRoute, check_as, decode, input_schema, output_schema,
};

pub use mcp_core::{Limits, Revision, json, jsonrpc, meta, method, service, types};
pub use schemars;
pub use serde_json;
