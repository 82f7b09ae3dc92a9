//! The server of the HTTP benches, written with rmcp. For its best performance, the router is built
//! once and shared, answers are plain JSON where rmcp supports it (requests of 2026-07-28), and it
//! uses TCP_NODELAY and hyper directly.
//!
//! `rmcp-http-server [--tools N] [--extra] [--http2]`. It prints its address. It serves HTTP/1.1,
//! or HTTP/2 with prior knowledge.

use std::{env, error::Error, sync::Arc};

use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use mcp_bench_peer_rmcp::{Bench, fixture::tools::Choice};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let bench = Arc::new(Bench::new(Choice::from_arguments())?);
    let is_http2 = env::args().any(|argument| argument == "--http2");
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
        let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        tokio::spawn(async move {
            // The load generator reports failed connections.
            if is_http2 {
                let _ = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await;
            } else {
                let _ = http1::Builder::new().serve_connection(stream, service).await;
            }
        });
    }
}
