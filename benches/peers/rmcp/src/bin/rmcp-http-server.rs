//! The server of the HTTP benches, written with rmcp. For its best performance, the router is built
//! once and shared, answers are plain JSON where rmcp supports it (requests of 2026-07-28), and it
//! uses TCP_NODELAY and HTTP/1 of hyper.
//!
//! `rmcp-http-server [--tools N]`. It prints its address.

use std::{error::Error, sync::Arc};

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use mcp_bench_peer_rmcp::{Bench, tools};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let bench = Arc::new(Bench::new(tools::count_from_arguments())?);
    let service = StreamableHttpService::new(
        move || Ok(Arc::clone(&bench)),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_json_response(true),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            // The load generator reports failed connections.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
