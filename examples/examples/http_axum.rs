//! A server mounted in an axum application, beside other routes and inside layers of tower-http.
//!
//! `cargo run -p mcp-examples --features http --example http_axum`

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use mcp_server::http::HttpOptions;
use mcp_server::{Context, Server, routes, tool};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Returns the name that the client sent.
#[tool(read_only)]
async fn who(ctx: &Context) -> String {
    let agent = ctx.http_request().and_then(|request| request.headers.get(header::USER_AGENT));
    agent.and_then(|agent| agent.to_str().ok()).unwrap_or("somebody").to_owned()
}

/// Completes when the process is asked to stop: by Ctrl+C, and on Unix by SIGTERM, which stops
/// containers.
async fn stopped() -> std::io::Result<()> {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            outcome = interrupt => outcome,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    interrupt.await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A page of this origin may call from a browser: the service accepts the origin, and the layer
    // sends the CORS headers.
    let page = "https://app.example.com";
    let server = Server::builder("who", "1.0.0").routes(routes![who]).build()?;
    let service = server.into_service_with(HttpOptions::new().allow_origin(page));
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::exact(page.parse()?))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(tower_http::cors::AllowHeaders::mirror_request()) // `Mcp-Param-*` are many.
        .expose_headers([HeaderName::from_static("mcp-session-id"), header::WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(600));
    let app = Router::new()
        .route_service("/mcp", service.clone())
        .layer(cors)
        .route("/health", get(|| async { "fine" }));

    // Responses are small: without TCP_NODELAY they would be delayed.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("TCP_NODELAY: {error}");
        }
    });
    let closing = service.clone();
    let stop = async move {
        if let Err(error) = stopped().await {
            eprintln!("signals: {error}");
        }
        closing.close(); // Otherwise listen streams keep their connections open.
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    service.shutdown().await; // Waits for calls whose clients have disconnected.
    Ok(())
}
