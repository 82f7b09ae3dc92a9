//! Servers of other SDKs that serve HTTP, as child processes.

use std::process::{Command, Stdio};

use mcp_client::{Client, Revision};
use mcp_test_support::ServerProcess;

use crate::host::host;

/// A running server on a free port. Dropping it kills the process.
pub(crate) struct Listening {
    _process: ServerProcess,
    origin: String,
}

impl Listening {
    /// Starts a server that prints its URL to standard error.
    pub(crate) fn start(mut command: Command) -> Self {
        let process = ServerProcess::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
        loop {
            let line = process.expect_stderr("http://127.0.0.1:");
            let (_, rest) = line.split_once("http://127.0.0.1:").expect("a URL");
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            // Some servers first print the requested port, which is 0.
            if port != "0" {
                return Self { _process: process, origin: format!("http://127.0.0.1:{port}") };
            }
        }
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Connects a client, with a fixed revision if one is given.
    pub(crate) async fn connect(&self, path: &str, revision: Option<Revision>) -> Client {
        let builder = revision.map_or_else(host, |revision| host().revision(revision));
        builder.connect_http(self.url(path)).await.expect("the server answers")
    }

    /// Connects to `/mcp` of a server with both eras: first with a probe, which must find the
    /// modern era, then on every revision.
    pub(crate) async fn every_revision(&self, drive: impl AsyncFn(&Client)) {
        let client = self.connect("/mcp", None).await;
        assert_eq!(client.revision(), Revision::V2026_07_28);
        client.close().await;
        for revision in Revision::ALL {
            let client = self.connect("/mcp", Some(revision)).await;
            assert_eq!(client.revision(), revision);
            drive(&client).await;
            client.close().await;
        }
    }
}
