//! The server of the stdio benches, written with this SDK.
//!
//! `bench-stdio-server [--tools N] [--extra]`

use mcp_benches::{Error, fixture::tools::Choice, server};

#[tokio::main]
async fn main() -> Result<(), Error> {
    server::with_tools(Choice::from_arguments())?.serve_stdio().await?;
    Ok(())
}
