//! The transports between a client and a server.

use std::process::Command;

use mcp_client::types::{CreateMessageResult, ElicitResult, Role, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Era, Revision};
use mcp_server::Server;
use mcp_server::http::HttpOptions;
use serde_json::json;
use tokio::net::TcpListener;

/// Creates the builder of a client that accepts forms, samples the text "well" and has one root.
pub(crate) fn host(revision: Revision) -> ClientBuilder {
    Client::builder()
        .revision(revision)
        .on_elicit(|_| async { ElicitResult::accept(json!({ "sure": true })) })
        .on_create_message(|_| async {
            Ok(CreateMessageResult::new(Role::Assistant, SamplingContent::text("well"), "model"))
        })
        .roots([Root::new("file:///here")])
}

/// A transport between a client and a server in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Stream,
    Memory,
    Http,
    /// HTTP+SSE, the transport of 2024-11-05.
    HttpSse,
}

impl Transport {
    pub(crate) const ALL: [Self; 4] = [Self::Stream, Self::Memory, Self::Http, Self::HttpSse];

    /// Whether the revision can be used over this transport.
    pub(crate) fn supports(self, revision: Revision) -> bool {
        self != Self::HttpSse || revision.era() == Era::Legacy
    }

    pub(crate) async fn connect(self, server: &Server, builder: ClientBuilder) -> Client {
        match self {
            Self::Stream => over_a_stream(server, builder).await,
            Self::Memory => in_memory(server, builder).await,
            Self::Http => over_http(server, builder, HttpOptions::new()).await,
            Self::HttpSse => {
                // This path serves HTTP+SSE only.
                let url =
                    serve_http(server, HttpOptions::new().http_sse()).await.replace("/mcp", "/sse");
                builder.connect_http(url).await.expect("a connection over HTTP+SSE")
            }
        }
    }
}

async fn over_a_stream(server: &Server, builder: ClientBuilder) -> Client {
    let (client_end, server_end) = tokio::io::duplex(16 << 10);
    let server = server.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(server_end);
        server.serve(reader, writer).await
    });
    let (reader, writer) = tokio::io::split(client_end);
    builder.connect(reader, writer).await.expect("a connection over a stream")
}

pub(crate) async fn in_memory(server: &Server, builder: ClientBuilder) -> Client {
    builder.connect_memory(server).await.expect("a connection in memory")
}

pub(crate) async fn over_http(
    server: &Server,
    builder: ClientBuilder,
    options: HttpOptions,
) -> Client {
    builder.connect_http(serve_http(server, options).await).await.expect("a connection over HTTP")
}

/// Serves over HTTP until the runtime of the test ends. Returns the URL.
pub(crate) async fn serve_http(server: &Server, options: HttpOptions) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = server.clone();
    tokio::spawn(
        async move { server.serve_http_with(listener, options, std::future::pending()).await },
    );
    format!("http://{address}/mcp")
}

pub(crate) fn everything_server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything-server"));
    command.arg("--stdio");
    command
}
