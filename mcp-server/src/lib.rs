//! Servers of the Model Context Protocol: write a function, and it is a tool for every client.
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
//!     Server::new("calculator", "1.0.0").routes(routes![add]).serve_stdio().await
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
#[cfg(feature = "http")]
pub mod http;
mod input;
pub mod layer;
#[doc(hidden)]
pub mod macro_support;
mod principal;
mod progress;
mod prompt;
mod registry;
mod resource;
mod router;
mod serve;
mod server;
#[cfg(any(feature = "stdio", feature = "http"))]
mod signals;
#[cfg(feature = "stdio")]
mod stdio;
mod subscription;
mod tool;
#[cfg(any(feature = "stdio", feature = "http"))]
mod watch;

pub use completion::{CompletionCall, CompletionFuture, IntoCompletion};
pub use context::{Context, HandlerCall, HandlerFuture};
pub use era::Connection;
pub use error::{BuildError, IntoToolError, ServeError, ToolError};
pub use extract::{Args, Extension, FromContext, State, from_text};
pub use handle::ServerHandle;
pub use handler::Handler;
pub use input::{
    Answer, AskError, AskErrorKind, Choice, ElicitForm, Form, FormField, InputRequired, KeyError,
    KeyRing, Outcome, Question,
};
pub use principal::Principal;
pub use prompt::{IntoPromptResult, PromptBuilder, PromptCall, PromptFuture, PromptRoute};
pub use resource::{
    IntoResourceResult, ResourceBuilder, ResourceCall, ResourceFuture, ResourceRoute, Template,
    TemplateError,
};
pub use server::{BuiltServer, Provider, Routes, Server};
pub use tool::{
    ArgumentErrors, Audio, Described, DescribedArgument, Field, Image, IntoToolResult, Structured,
    ToolBuilder, ToolCall, ToolFuture, ToolRoute, decode, input_schema, output_schema,
};

#[doc(hidden)]
pub use macro_support as __private;
pub use macro_support::{HeaderArgument, RouteFn};
pub use mcp_core::jsonrpc::ErrorObject;
pub use mcp_core::meta::Meta;
pub use mcp_core::types::{
    Annotations, CallToolResult, Completion, Content, GetPromptResult, Icon, LoggingLevel,
    PromptArgument, PromptMessage, ReadResourceResult, ResourceContents, Schema,
};
pub use mcp_core::{Limits, Revision, json, jsonrpc, meta, method, service, types};
pub use mcp_macros::{Elicit, prompt, resource, tool, tools};
pub use schemars;
pub use serde_json;
