//! The server of the stdio benches, written with rmcp. For its best performance, the router is
//! built once.
//!
//! `rmcp-stdio-server [--tools N] [--extra] [--pipes]`. By default it uses `stdio()`, as in rmcp's
//! README; with `--pipes`, the non-blocking `stdio_pipes()`, which rmcp's documentation prefers.

use std::error::Error;

use mcp_bench_peer_rmcp::{Bench, fixture::tools::Choice};
use rmcp::{
    ServiceExt,
    transport::{io::stdio_pipes, stdio},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Bench::new(Choice::from_arguments())?;
    if std::env::args().any(|argument| argument == "--pipes") {
        server.serve(stdio_pipes()).await?.waiting().await?;
    } else {
        server.serve(stdio()).await?.waiting().await?;
    }
    Ok(())
}
