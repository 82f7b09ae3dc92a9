//! HTTP+SSE, the transport of 2024-11-05: a server that serves it beside Streamable HTTP, and a
//! client that detects it.
//!
//! `cargo run -p mcp-examples --features http-sse --example http_sse`
//!
//! It prints which revision the two sides agreed on at each of the two URLs, and a sum. The older
//! transport carries every revision that has sessions.

#![allow(clippy::print_stdout)] // This process is also the client.

use mcp_client::{Client, serde_json::json};
use mcp_server::http::HttpOptions;
use mcp_server::{Server, routes, tool};
use tokio::net::TcpListener;

/// Add two numbers.
#[tool(read_only)]
fn add(a: i64, b: i64) -> i64 {
    a.saturating_add(b)
}

/// Connects at both URLs, and returns the revisions and sums.
async fn both() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    #[expect(deprecated, reason = "this example shows the deprecated transport")]
    let options = HttpOptions::new().http_sse();
    let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        server.serve_http_with(listener, options, std::future::pending()).await
    });

    let mut found = Vec::new();
    for path in ["sse", "mcp"] {
        let client = Client::connect_http(format!("http://{address}/{path}")).await?;
        let sum = client.call_tool("add", &json!({ "a": 1, "b": 2 })).await?.text();
        found.push(format!("/{path}: {}, {sum}", client.revision()));
        client.close().await;
    }
    serving.abort();
    Ok(found)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in both().await? {
        println!("{line}");
    }
    Ok(())
}

#[tokio::test]
async fn both_transports_are_served() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(both().await?, ["/sse: 2025-11-25, 3", "/mcp: 2026-07-28, 3"]);
    Ok(())
}
