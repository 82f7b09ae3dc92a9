//! The configuration files of hosts: `mcpServers` of Claude, Cursor, Gemini CLI and others, and
//! `servers` of VS Code.
//!
//! ```no_run
//! use mcp_client::ClientGroup;
//! use mcp_client::config::HostConfig;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = HostConfig::read(".mcp.json")?;
//! for ignored in config.ignored() {
//!     eprintln!("{ignored}");
//! }
//! let started = ClientGroup::from_config(&config).start().await;
//! for error in &started.failed {
//!     eprintln!("{error}");
//! }
//! for server in started.group.known_tools() {
//!     println!("{}: {} tools, {:?}", server.server, server.tools.len(), server.freshness);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! From the top down:
//!
//! - `start`: the servers of a file as a group
//! - `host_config`: the file; `server_entry` is one server of it, `inputs` what VS Code asks for
//! - `resolved`: how a server is reached, with its `variables` replaced
//! - `jsonc`: JSON with comments, as editors write it

mod error;
mod group_name;
mod host_config;
mod ignored;
mod inputs;
mod jsonc;
mod limits;
mod pointer;
mod remember;
mod resolved;
mod server_entry;
mod start;
mod variables;
mod watch;

pub use error::{ConfigError, ConfigErrorKind};
pub use host_config::HostConfig;
pub use ignored::Ignored;
pub use inputs::Input;
pub use limits::ConfigLimits;
pub use server_entry::{ServerEntry, ServerKind};
pub use start::{ConfigGroup, StartedGroup};
pub use variables::Unknown;
