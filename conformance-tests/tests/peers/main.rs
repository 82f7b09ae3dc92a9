//! Foreign peers: other SDKs' clients drive our server over stdio and HTTP, our client drives their servers.
//!
//! `peers/install.sh` installs them, pinned; `peers/FIXTURE.md` says what each of them answers. Without Node
//! or Python, or before the installation, these tests say so and pass; with `CI=true` they must run.

mod clients;
mod host;
mod inspector;
mod installed;
mod server_everything;
mod server_fastmcp;
mod server_typescript;
