//! The server of the HTTP benches, written with this SDK. It differs from `Server::serve_http` in
//! that the system chooses the port.
//!
//! `bench-http-server [--tools N]`. It prints the address that it serves.
#![expect(clippy::print_stdout, reason = "the load generator reads the address from there")]

use std::future::pending;

use mcp_benches::{Error, server, tools};
use mcp_server::http::HttpOptions;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = server::with_tools(tools::count_from_arguments())?.build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    server.serve_http_with(listener, HttpOptions::new(), pending()).await?;
    Ok(())
}
