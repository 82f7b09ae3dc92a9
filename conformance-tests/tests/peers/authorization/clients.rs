//! Clients of other SDKs log in to a protected server of this SDK.

use std::process::{Command, Stdio};

use super::authorization_server::{self, FORMATS};
use super::protected_server::{Binding, ProtectedServer};
use crate::installed::node;

const MODES: [&str; 3] = ["legacy", "auto", "2026-07-28"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn typescript_2_4() {
    log_in(|| node("node/client-login.mjs")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(
    not(all(node_peers_installed, python_peers_installed)),
    ignore = "run `bash conformance-tests/peers/install.sh`"
)]
async fn python() {
    log_in(|| crate::installed::python("python/client_login.py")).await;
}

/// Runs a client in each mode, with both kinds of tokens: for itself, and for a user who agrees to a
/// second scope later.
async fn log_in(client: impl Fn() -> Command) {
    for format in FORMATS {
        let authorization_server = authorization_server::start(format);
        let issuer = authorization_server.url("");
        let server = ProtectedServer::start(&issuer, format, Binding::None).await;
        for mode in MODES {
            let mut client = client();
            client.args(["--mode", mode, "--url", server.url()]).env("ISSUER", &issuer);
            client.stdin(Stdio::null());
            let exited = tokio::task::spawn_blocking(move || client.output()).await;
            let output = exited.expect("no panic").expect("the client starts");
            let stdout = String::from_utf8_lossy(&output.stdout);
            let stderr = String::from_utf8_lossy(&output.stderr);
            let summary = stdout.lines().last().unwrap_or_default();
            assert_eq!(summary, "3 passed, 0 failed", "{format:?}, {mode}: {stdout}\n{stderr}");
        }
    }
}
