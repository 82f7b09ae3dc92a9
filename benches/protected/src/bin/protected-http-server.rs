//! A server over HTTP/1.1. It listens on a free port, and prints its address.
//!
//! `protected-http-server [--tools N] [--protected] [--layers] [--audit]`
#![expect(
    clippy::print_stdout,
    reason = "the load generator reads the address from standard output"
)]

use std::future::pending;

use mcp_benches::Error;
use mcp_protected_benches::server;
use mcp_server::http::HttpOptions;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = server::from_arguments()?.build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    server.serve_http_with(listener, HttpOptions::new(), pending()).await?;
    Ok(())
}
