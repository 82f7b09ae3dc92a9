//! The server of the stdio benches, written with this SDK.
//!
//! `bench-stdio-server [--tools N]`

use mcp_benches::{Error, server, tools};

#[tokio::main]
async fn main() -> Result<(), Error> {
    server::with_tools(tools::count_from_arguments())?.serve_stdio().await?;
    Ok(())
}
