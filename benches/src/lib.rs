//! What the benches of the workspace share: a neutral load generator for MCP servers on stdio and
//! HTTP (raw bytes, no SDK on the generator's side), readings of CPU time and memory, and the table
//! that compares servers.
//!
//! Read in this order: [`tools`] (what servers offer), [`messages`] (what they are asked),
//! [`session`] (one server as a [`child`] process), [`load`] (asking it, bounded in time),
//! [`suite`] (all servers in turn), [`http`] (the same over HTTP), [`report`] and [`figures`]
//! (medians, ratios, targets), [`packages`] (building the servers, and what that costs),
//! [`options`] (what a run is told). [`server`] and [`floor`] are two of those who take part.

pub mod child;
pub mod cpu;
pub mod figures;
pub mod floor;
pub mod http;
pub mod load;
pub mod messages;
pub mod options;
pub mod packages;
pub mod report;
pub mod server;
pub mod session;
pub mod suite;
pub mod tools;

/// Any failure of a bench: it is printed, and the run ends.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
