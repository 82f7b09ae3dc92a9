//! The server that the official conformance suite and the foreign clients drive: everything the protocol has,
//! under the names they expect (`peers/FIXTURE.md`).
//!
//! Run it: `everything-server --stdio`.

mod arithmetic;
mod changes;
mod content;
mod input;
mod prompts;
mod resources;
mod running;

use mcp_server::Server;

fn server() -> Server {
    let server = Server::new("everything-server", env!("CARGO_PKG_VERSION"))
        .title("Everything server")
        .instructions("A fixture: each tool does what its description says.")
        .with(content::Blocks)
        .tool(content::json_schema())
        .with(running::Running::default())
        .with(input::Questions)
        .with(arithmetic::Arithmetic)
        .with(prompts::Prompts)
        .with(resources::Files)
        .resources(resources::items())
        .resource_page_size(10);
    let handle = server.handle();
    server.with(changes::Changes { server: handle })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("--stdio") => Ok(server().serve_stdio().await?),
        _ => Err("usage: everything-server --stdio".into()),
    }
}
