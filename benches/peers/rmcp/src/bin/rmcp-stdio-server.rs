//! The server of the stdio benches, written with rmcp in its best case: the router is built once.
//!
//! `rmcp-stdio-server [--tools N] [--pipes] [--current-thread]`. By default it is what rmcp's
//! documentation shows (`stdio()` on the multi-thread runtime); `--pipes` takes its opt-in
//! non-blocking `stdio_pipes()`.

use std::error::Error;

use mcp_bench_peer_rmcp::{Bench, tools};
use rmcp::{
    ServiceExt,
    transport::{io::stdio_pipes, stdio},
};

fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name| std::env::args().any(|argument| argument == name);
    let mut runtime = match flag("--current-thread") {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        let server = Bench::new(tools::count_from_arguments())?;
        if flag("--pipes") {
            server.serve(stdio_pipes()).await?.waiting().await?;
        } else {
            server.serve(stdio()).await?.waiting().await?;
        }
        Ok(())
    })
}
