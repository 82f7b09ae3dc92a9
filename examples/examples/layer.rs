//! A custom layer: counts the calls of each tool, and refuses a tool that was called too often.
//!
//! `cargo run -p mcp-examples --example layer`
//!
//! It prints two greetings and an error. The documentation of `mcp_server::layer` describes how to
//! write a layer.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mcp_client::Client;
use mcp_server::layer::{Layer, TimeoutLayer, TraceLayer};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::types::CallToolParams;
use mcp_server::{ErrorObject, Server, routes, tool};
use serde_json::json;

/// The layer: allows a number of calls for each tool.
struct Quota(usize);

impl<S> Layer<S> for Quota {
    type Service = QuotaService<S>;

    fn layer(&self, inner: S) -> QuotaService<S> {
        QuotaService { inner, quota: self.0, calls: Mutex::default() }
    }
}

/// The service, which wraps another one.
struct QuotaService<S> {
    inner: S,
    quota: usize,
    calls: Mutex<HashMap<String, usize>>,
}

impl<S: Service> Service for QuotaService<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == "tools/call" {
            let params: CallToolParams = request
                .params
                .parse()
                .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
            let calls = {
                let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
                let calls = calls.entry(params.name).or_default();
                *calls += 1;
                *calls
            };
            if calls > self.quota {
                let message = format!("at most {} calls of this tool", self.quota);
                return Err(ErrorObject::invalid_request(message).into());
            }
        }
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// Say hello.
#[tool]
fn hello(name: String) -> String {
    format!("hello, {name}")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder("greeter", "1.0.0")
        .routes(routes![hello])
        .layer(Quota(2))
        .layer(TimeoutLayer::new(std::time::Duration::from_secs(5)))
        .layer(TraceLayer::new());
    let client = Client::connect_memory(&server.build()?).await?;
    for name in ["Ada", "Grace", "Edsger"] {
        match client.call_tool("hello", &json!({ "name": name })).await {
            Ok(reply) => println!("{}", reply.text()),
            Err(error) => println!("refused: {error}"),
        }
    }
    Ok(())
}
