//! The server for the official conformance suite and the clients of other SDKs. It has every
//! feature of the protocol, under the names that they expect (`peers/FIXTURE.md`).
//!
//! Run it with `everything-server --stdio` or `everything-server --http 127.0.0.1:8080`. Port 0 is
//! any free port; the server prints its URL to standard error. Clients of HTTP+SSE, the transport
//! of 2024-11-05, connect to `/sse`.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod arithmetic;
mod changes;
mod content;
mod extensions;
mod input;
mod prompts;
mod resources;
mod rounds;
mod running;
mod streams;
mod tasks;
mod url_elicitation;

use mcp_server::http::HttpOptions;
use mcp_server::{Server, ServerBuilder};
use tokio::net::TcpListener;

fn server() -> ServerBuilder {
    let server = Server::builder("everything-server", env!("CARGO_PKG_VERSION"))
        .title("Everything server")
        .instructions("A test fixture: each tool does what its description says.")
        .with(content::Blocks)
        .tool(content::json_schema())
        .with(running::Running::default())
        .with(streams::Streams)
        .with(url_elicitation::UrlElicitation::default())
        .with(input::InputRequests)
        .with(rounds::Rounds)
        .with(arithmetic::Arithmetic)
        .with(prompts::Prompts)
        .with(resources::Files)
        .resources(resources::items())
        .resource_page_size(10);
    let server = extensions::Extensions::declare(tasks::Jobs::add(server));
    let handle = server.handle();
    server.with(changes::Changes { server: handle })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--stdio"), None) => Ok(server().serve_stdio().await?),
        (Some("--http"), Some(address)) => {
            let listener = TcpListener::bind(address).await?;
            eprintln!("http://{}{}", listener.local_addr()?, HttpOptions::PATH);
            let forever = std::future::pending();
            Ok(server()
                .build()?
                .serve_http_with(listener, HttpOptions::new().http_sse(), forever)
                .await?)
        }
        _ => Err("usage: everything-server --stdio | --http ADDRESS".into()),
    }
}
