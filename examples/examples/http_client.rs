//! A client over HTTP: detects the server's protocol era, lists its tools and calls one.
//!
//! ```sh
//! cargo run -p mcp-examples --features http --example http_client -- http://127.0.0.1:8080/mcp who
//! ```
//!
//! Start a server first, such as the example `http_axum` or `http_server`. If the server requires a
//! token, set the environment variable `MCP_TOKEN`.

use mcp_client::http::BearerToken;
use mcp_client::{Client, ErrorKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080/mcp".to_owned());

    let mut builder = Client::builder().client_info("http-client-example", "1.0.0");
    if let Ok(token) = std::env::var("MCP_TOKEN") {
        let token = BearerToken::new(&token).map_err(|error| format!("MCP_TOKEN: {error}"))?;
        builder = builder.authorizer(token);
    }
    let client = match builder.connect_http(&url).await {
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            return Err(format!("{url} wants credentials: set MCP_TOKEN ({error:?})").into());
        }
        connected => connected?,
    };
    eprintln!("{url} speaks {}", client.revision());
    for tool in client.list_tools().await? {
        eprintln!("{}: {}", tool.name, tool.description.as_deref().unwrap_or_default());
    }
    if let Some(tool) = arguments.next() {
        let reply = client.call_tool(&tool, &()).await?;
        eprintln!("{}", reply.text());
    }
    client.close().await;
    Ok(())
}
