//! One of several instances of a server behind a load balancer: they share sessions, changes and
//! tasks through Redis.
//!
//! ```sh
//! export REDIS_URL=redis://127.0.0.1 SECRET=$(openssl rand -hex 32)
//! for port in 8001 8002 8003; do
//!     cargo run -p mcp-examples --features redis --example fleet -- 127.0.0.1:$port &
//! done
//! PORT=8000 PORT_1=8001 PORT_2=8002 PORT_3=8003 SOCKET=haproxy.sock \
//!     haproxy -f examples/fleet/haproxy.cfg
//! ```
//!
//! Clients use <http://127.0.0.1:8000/mcp>.

use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::store::{RedisStore, Stores};
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, Server, routes, tool};
use serde::Deserialize;

#[derive(Deserialize, Elicit)]
struct Approval {
    /// Whether to ship the order
    ship: bool,
}

/// Ship an order. It asks for approval; the answer may reach any instance.
#[tool(task)]
async fn ship(
    ctx: &Context,
    /** number of the order */
    order: u32,
) -> Result<String, AskError> {
    // Once its result is stored, a step is not run again, by any instance.
    let label: String = ctx
        .step("label", async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            format!("label of order {order}")
        })
        .await;
    let Approval { ship } = ctx.elicit("Ship the order?").await?;
    if ship {
        ctx.server().resource_updated(format!("order://{order}"));
    }
    Ok(format!("{label}: {}", if ship { "shipped" } else { "kept" }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let store = RedisStore::connect(&std::env::var("REDIS_URL")?).await?;
    let server = Server::builder("orders", "1.0.0")
        .routes(routes![ship])
        .resources([]) // Declares that resources change.
        .stores(Stores::all(store.clone()))
        .tasks(TaskConfig::new(store))
        .state_keys(KeyRing::new(std::env::var("SECRET")?)?);
    Ok(server.serve_http(address).await?)
}
