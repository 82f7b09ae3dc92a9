//! Foreign peers: other SDKs' clients drive our server over stdio and HTTP, our client drives their
//! servers.
//!
//! `peers/install.sh` installs them, pinned; `peers/FIXTURE.md` says what each of them answers. A
//! test whose peer is not installed is ignored, with the command that installs it; with `CI=true`
//! it runs, and fails.

mod clients;
mod cutting;
mod features;
mod host;
mod inspector;
mod installed;
mod listening;
mod server_everything;
mod server_fastmcp;
mod server_python;
mod server_rmcp;
mod server_typescript;
