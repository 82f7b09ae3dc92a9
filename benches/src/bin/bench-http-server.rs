//! The server of the HTTP benches, written with this SDK. It listens on a free port, for HTTP/1.1
//! and HTTP/2.
//!
//! `bench-http-server [--tools N] [--extra]`. It prints its address.
#![expect(
    clippy::print_stdout,
    reason = "the load generator reads the address from standard output"
)]

use std::future::pending;

use mcp_benches::{Error, fixture::tools::Choice, server};
use mcp_server::http::HttpOptions;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = server::with_tools(Choice::from_arguments())?.build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    server.serve_http_with(listener, HttpOptions::new(), pending()).await?;
    Ok(())
}
