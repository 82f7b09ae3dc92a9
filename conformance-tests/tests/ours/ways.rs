//! The ways a client gets to a server.

use std::process::Command;

use mcp_client::types::{CreateMessageResult, ElicitResult, Role, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Era, Revision};
use mcp_server::Server;
use mcp_server::http::HttpOptions;
use serde_json::json;
use tokio::net::TcpListener;

/// A client that says yes, samples "well" and has one root.
pub(crate) fn host(revision: Revision) -> ClientBuilder {
    Client::builder()
        .revision(revision)
        .on_elicit(|_| async {
            Ok(ElicitResult::accept(
                json!({ "sure": true }).as_object().cloned().unwrap_or_default(),
            ))
        })
        .on_create_message(|_| async {
            Ok(CreateMessageResult::new(Role::Assistant, SamplingContent::text("well"), "model"))
        })
        .roots([Root::new("file:///here")])
}

/// A way from a client to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Stream,
    Memory,
    Http,
    /// HTTP+SSE, the transport of 2024-11-05.
    HttpSse,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Stream, Self::Memory, Self::Http, Self::HttpSse];

    /// Whether conversations of a revision can be had this way.
    pub(crate) fn has(self, revision: Revision) -> bool {
        self != Self::HttpSse || revision.era() == Era::Legacy
    }

    pub(crate) async fn connect(self, server: &Server, builder: ClientBuilder) -> Client {
        match self {
            Self::Stream => over_a_stream(server, builder).await,
            Self::Memory => in_memory(server, builder).await,
            Self::Http => over_http(server, builder, HttpOptions::new()).await,
            Self::HttpSse => {
                // Nothing but the older transport stands at this path.
                let url =
                    serve_http(server, HttpOptions::new().http_sse()).await.replace("/mcp", "/sse");
                builder.connect_http(url).await.expect("a connection over HTTP+SSE")
            }
        }
    }
}

async fn over_a_stream(server: &Server, builder: ClientBuilder) -> Client {
    let (ours, theirs) = tokio::io::duplex(16 << 10);
    let server = server.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(theirs);
        server.serve(reader, writer).await
    });
    let (reader, writer) = tokio::io::split(ours);
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

/// Serves until the runtime of the test ends; gives the URL.
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
