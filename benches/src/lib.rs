//! The parts that the benches share: a load generator for MCP servers on stdio and HTTP that sends
//! raw bytes and uses no SDK, measurements of CPU time and memory, and tables that compare servers.
//!
//! Read in this order: [`tools`] (the tools of all servers), [`messages`] (the requests),
//! [`session`] (a server as a [`child`] process), [`load`] (requests for a limited time), [`suite`]
//! (all servers in turn), [`http`] (the same over HTTP), [`report`] and [`figures`] (medians,
//! ratios, targets), [`packages`] (building the servers, and the cost of a build), [`options`] (the
//! command line). [`server`] is the server written with this SDK, and [`floor`] the practical lower
//! limit.

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

/// Any error of a bench. It is printed, and the run ends.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
