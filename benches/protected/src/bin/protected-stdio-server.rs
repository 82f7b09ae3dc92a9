//! A server over stdio.
//!
//! `protected-stdio-server [--tools N] [--layers] [--audit]`

use mcp_benches::Error;
use mcp_protected_benches::server;

#[tokio::main]
async fn main() -> Result<(), Error> {
    server::from_arguments()?.serve_stdio().await?;
    Ok(())
}
