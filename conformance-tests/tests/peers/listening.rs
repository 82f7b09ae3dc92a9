//! Foreign servers that listen, as processes of their own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mcp_client::{Client, Revision};

use crate::host::host;

/// A foreign server takes a while to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running server on a free port. Dropping it ends the process.
pub(crate) struct Listening {
    child: Child,
    origin: String,
}

impl Listening {
    /// Starts a server that tells its URL on standard error.
    pub(crate) fn start(mut command: Command) -> Self {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the server starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, said) = mpsc::channel();
        // Its pipe must not fill up.
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| {
                eprintln!("{line}");
                drop(sender.send(line));
            });
        });
        let mut server = Self { child, origin: String::new() };
        while server.origin.is_empty() {
            let line = said.recv_timeout(START).expect("the server tells where it listens");
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                // Some tell what they were asked for first: any port.
                if port != "0" {
                    server.origin = format!("http://127.0.0.1:{port}");
                }
            }
        }
        server
    }

    /// Where it serves.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A client of it, in a revision if one is given.
    pub(crate) async fn connect(&self, path: &str, revision: Option<Revision>) -> Client {
        let builder = revision.map_or_else(host, |revision| host().revision(revision));
        builder.connect_http(self.url(path)).await.expect("the server answers")
    }

    /// Drives a server of both eras at `/mcp`: it is found to be modern, and then spoken to in
    /// every revision.
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
