//! The server of the HTTP benches, written with rmcp in its best case: the router is built once and
//! shared, plain JSON where rmcp can answer with it (on requests of 2026-07-28), TCP_NODELAY, and
//! hyper's HTTP/1 alone below it.
//!
//! `rmcp-http-server [--tools N]`. It prints the address that it serves.

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
            // A connection that breaks is the client's affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
