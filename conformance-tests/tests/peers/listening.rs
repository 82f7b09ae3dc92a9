//! Servers of other SDKs that serve HTTP, as child processes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mcp_client::{Client, Revision};

use crate::host::host;

/// Time within which a server must listen. Long, because the machine may be busy.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server on a free port. Dropping it kills the process.
pub(crate) struct Listening {
    child: Child,
    origin: String,
}

impl Listening {
    /// Starts a server that prints its URL to standard error.
    pub(crate) fn start(mut command: Command) -> Self {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the server starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, printed) = mpsc::channel();
        // Reads to the end, because a full pipe would block the server.
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| {
                eprintln!("{line}");
                drop(sender.send(line));
            });
        });
        let mut server = Self { child, origin: String::new() };
        while server.origin.is_empty() {
            let line = printed.recv_timeout(START_TIMEOUT).expect("the server prints its URL");
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                // Some servers first print the requested port, which is 0.
                if port != "0" {
                    server.origin = format!("http://127.0.0.1:{port}");
                }
            }
        }
        server
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

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
