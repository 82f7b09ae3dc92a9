//! The benches: load generators for MCP servers that send raw bytes and use no SDK, client
//! programs, measurements of CPU time, instructions, memory and builds, and tables that compare
//! participants.
//!
//! Read in this order:
//!
//! - what is measured: [`fixture`] (the tools of all servers), [`server`] (the server written with
//!   this SDK), [`floor`] (the practical lower limit), [`client_load`] (what client programs do),
//!   [`participants`] (how programs are started), [`programs`] and [`packages`] (how they are
//!   built);
//! - how: [`messages`] (the requests), [`stdio`] and [`http`] (connections, loads, and the
//!   comparison of servers), [`sample`] (the figures of a load), [`turns`] (rounds), [`cpu`],
//!   [`memory`], [`child`];
//! - the other benches: [`clients`], [`flows`], [`tasks`], [`protected`], [`process`],
//!   [`footprint`], [`instructions`];
//! - the report: [`mod@bench`] (the programs), [`options`] (their command line), [`table`],
//!   [`targets`], and [`results`] with [`document`], [`charts`], [`chart`] and [`machine`].

pub mod bench;
pub mod chart;
pub mod charts;
pub mod child;
pub mod client_load;
pub mod clients;
pub mod context;
pub mod cpu;
pub mod document;
pub mod fixture;
pub mod floor;
pub mod flows;
pub mod footprint;
pub mod http;
pub mod instructions;
pub mod machine;
pub mod measured;
pub mod memory;
pub mod messages;
pub mod options;
pub mod packages;
pub mod participants;
pub mod process;
pub mod programs;
pub mod protected;
pub mod results;
pub mod sample;
pub mod server;
pub mod stdio;
pub mod table;
pub mod targets;
pub mod tasks;
pub mod transport;
pub mod turns;

/// Any error of a bench.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
