//! A protected server in an axum application: callers need an access token of an authorization
//! server, and each tool says which scopes it needs.
//!
//! `cargo run -p mcp-examples --features http --example http_protected`
//!
//! A caller without a token sees where to get one:
//!
//! ```text
//! $ curl -i -X POST http://127.0.0.1:8080/mcp -H 'content-type: application/json' -d '{}'
//! HTTP/1.1 401 Unauthorized
//! www-authenticate: Bearer resource_metadata="http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp"
//!
//! $ curl http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp
//! {"resource":"http://127.0.0.1:8080/mcp","authorization_servers":["https://login.example.com"],
//!  "scopes_supported":["notes:read"],"bearer_methods_supported":["header"]}
//! ```

use axum::Router;
use axum::routing::get;
use mcp_server::auth::{JwtVerifier, Protection};
use mcp_server::{Principal, Server, routes, tool};

/// Read the caller's note.
#[tool(read_only, scopes("notes:read"))]
async fn read_note(principal: Principal) -> String {
    format!("the note of {}", principal.subject().unwrap_or("an application"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Its keys are fetched when the first token arrives.
    let tokens = JwtVerifier::builder("https://login.example.com").build()?;
    let protection = Protection::new("http://127.0.0.1:8080/mcp", tokens);
    let service = Server::builder("notes", "1.0.0")
        .routes(routes![read_note])
        .protect(protection)
        .into_service()?;
    let metadata = service.metadata();
    let app = Router::new()
        .route_service("/mcp", service.clone())
        .route_service("/.well-known/oauth-protected-resource", metadata.clone())
        .route_service("/.well-known/oauth-protected-resource/mcp", metadata)
        .route("/health", get(|| async { "fine" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app).await?;
    service.shutdown().await;
    Ok(())
}
