//! Tasks: calls whose result the server delivers later. Extension `io.modelcontextprotocol/tasks`,
//! with 2026-07-28.
//!
//! [`ClientBuilder::tasks`](crate::ClientBuilder::tasks) declares the extension. From then on a
//! server may answer a call of a tool with a task, and the call waits for the result of the task:
//! nothing else changes.
//!
//! ```no_run
//! use std::process::Command;
//!
//! use mcp_client::Client;
//! use mcp_client::serde_json::json;
//! use mcp_client::task::{Started, TaskOptions};
//!
//! # async fn example() -> Result<(), mcp_client::Error> {
//! let client = Client::builder()
//!     .tasks(TaskOptions::new())
//!     .connect_command(Command::new("reports-server"))
//!     .await?;
//!
//! // The result, whether it came at once or by way of a task.
//! let report = client.call_tool("report", &json!({ "year": 2026 })).await?;
//! println!("{}", report.text());
//!
//! // Without waiting.
//! match client.call_tool("report", &json!({ "year": 2025 })).start().await? {
//!     Started::Result(report) => println!("{}", report.text()),
//!     Started::Task(mut task) => {
//!         println!("the task {} is {}", task.id(), task.state().status.as_str());
//!         println!("{}", task.wait().await?.text());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! While a call waits for a task, the client asks for the state of the task (`tasks/get`) at the
//! interval that the server recommends, and listens to its notifications (`subscriptions/listen`
//! with `taskIds`). The first final state that the client sees is the result; nothing that arrives
//! later changes it. Questions of a task go to the same handlers as all other questions
//! ([`ClientBuilder::on_elicit`](crate::ClientBuilder::on_elicit)).
//!
//! The experimental tasks of 2025-11-25 are another protocol, which the client does not speak.

mod ask;
mod cancel_on_drop;
mod driver;
mod handle;
mod ledger;
mod limits;
mod listen;
mod options;
mod report;
mod request;
mod saved;
mod schedule;
mod shared;
mod snapshot;
mod started;
mod updates;

pub(crate) use driver::finish;
pub use handle::TaskHandle;
pub use limits::TaskLimits;
pub use options::TaskOptions;
pub use saved::SavedTask;
pub use started::Started;
pub use updates::TaskUpdates;
