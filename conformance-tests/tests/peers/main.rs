//! Interoperability with other SDKs, over stdio and HTTP: their clients call the everything server,
//! and the client of this SDK calls their servers.
//!
//! `peers/install.sh` installs pinned versions of them, and `peers/FIXTURE.md` documents their
//! answers. A test whose peer is not installed is ignored, with the command that installs it. With
//! `CI=true` it runs and fails.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod authorization;
mod clients;
mod dialects;
mod features;
mod from_rmcp;
mod host;
mod inspector;
mod installed;
mod interruption;
mod listening;
mod server_everything;
mod server_fastmcp;
mod server_fastmcp_tasks;
mod server_python;
mod server_rmcp;
mod server_typescript;
