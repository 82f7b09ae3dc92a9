//! Tasks: calls of tools that outlive their request.
//!
//! A tool with `#[tool(task)]` runs in the background for clients that support tasks: they receive
//! the id of the task at once, and fetch its result later. For all other clients the same function
//! runs in its request. `#[tool(task = "required")]` is for tools that cannot do that.
//!
//! ```
//! use mcp_server::{Context, Server, routes, tool};
//!
//! # async fn collect(_: u32) -> String { String::new() }
//! /// Write the report of a year.
//! #[tool(task)]
//! async fn report(year: u32, ctx: Context) -> String {
//!     let data: String = ctx.step("collect", collect(year)).await;
//!     ctx.progress_with_message(1.0, 2.0, "writing").await;
//!     format!("# Report of {year}\n\n{data}")
//! }
//!
//! let server = Server::builder("reports", "1.0.0").routes(routes![report]).build()?;
//! # Ok::<(), mcp_server::BuildError>(())
//! ```
//!
//! - [`Context::step`](crate::Context::step) stores the result of a piece of work. After an
//!   interruption, the function runs again from its beginning, and completed steps return their
//!   stored results. [`Recovery`] selects something else.
//! - [`Context::elicit`](crate::Context::elicit) and similar methods park the task until the client
//!   has answered. No thread and no future waits meanwhile.
//! - [`Context::progress`](crate::Context::progress) sets the status message.
//! - [`Context::into_task`](crate::Context::into_task) turns a call into a task while it runs.
//!
//! Tasks are kept in memory, unless [`TaskConfig`] selects another [store](crate::store). They
//! belong to the [`Principal`](crate::Principal) of the call. Without a principal, the id of a task
//! is the only secret that protects it.
//!
//! Spec: the extension `io.modelcontextprotocol/tasks` of 2026-07-28. The experimental tasks of
//! 2025-11-25 are served from the same store.

mod asking;
mod background;
mod calls;
mod config;
mod context;
mod create;
mod engine;
mod executions;
mod extension;
mod identity;
mod limits;
mod local_engine;
mod manager;
mod orphans;
mod record;
mod recovery;
mod runner;
mod shared;
mod supervised;
mod task_2025;
mod unreadable;
mod view;
mod watchers;
mod writer;

pub use config::TaskConfig;
pub use engine::TaskEngine;
pub use limits::TaskLimits;
pub use local_engine::LocalEngine;
pub use mcp_core::types::TaskSupport;
pub use recovery::Recovery;
pub use runner::{RunEnd, TaskRunner};

pub(crate) use calls::{CallMode, mode};
pub(crate) use context::TasksEnabled;
pub(crate) use extension::extension;
pub(crate) use manager::TaskManager;
pub(crate) use task_2025::capability as capability_2025;
