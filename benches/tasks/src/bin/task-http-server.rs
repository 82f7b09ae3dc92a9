//! A server with a task over HTTP/1.1, which it keeps in memory. It listens on a free port, and
//! prints its address.
#![expect(
    clippy::print_stdout,
    reason = "the load generator reads the address from standard output"
)]

use std::future::pending;

use mcp_server::http::HttpOptions;
use mcp_server::task::TaskConfig;
use mcp_server::{Limits, Server, routes, tool};
use tokio::net::TcpListener;

/// Give the text back, as a task.
#[tool(task = "required")]
async fn work(text: String) -> String {
    text
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut limits = Limits::new();
    limits.tasks.max_tasks = 10_000_000;
    let server = Server::builder("bench", "1.0.0")
        .limits(limits)
        .routes(routes![work])
        .tasks(TaskConfig::default())
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    server.serve_http_with(listener, HttpOptions::new(), pending()).await?;
    Ok(())
}
