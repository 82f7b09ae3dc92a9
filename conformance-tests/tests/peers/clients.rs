//! Other SDKs' clients drive our everything server through every feature, over stdio and over HTTP,
//! in every mode that they have.

use std::process::{Command, Stdio};

use mcp_conformance_tests::EverythingServer;

use crate::installed::{node, python};

const PROGRAM: &str = env!("CARGO_BIN_EXE_everything-server");

/// How a client reaches the server.
#[derive(Debug, Clone, Copy)]
enum Transport {
    Stdio,
    Http,
    /// HTTP+SSE, the transport of 2024-11-05.
    HttpSse,
}

const LEGACY: &[Transport] = &[Transport::Stdio, Transport::Http, Transport::HttpSse];
const MODERN: &[Transport] = &[Transport::Stdio, Transport::Http];

/// A test for each client that `$start` starts, ignored without `$installed`: its name, script,
/// arguments, transports, and the number of its features.
macro_rules! clients {
    ($installed:ident, $start:path: $($name:ident: $script:literal, $arguments:expr, $transports:expr, $features:literal;)+) => {
        $(#[test]
        #[cfg_attr(not($installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
        fn $name() {
            drive(|| $start($script), &$arguments, $transports, $features);
        })+
    };
}

clients! { node_peers_installed, node:
    typescript_1_32: "node/client-v1.mjs", [], LEGACY, 42;
    typescript_2_4_legacy: "node/client-v2.mjs", ["--mode", "legacy"], LEGACY, 42;
    typescript_2_4_on_2025_06_18: "node/client-v2.mjs", ["--mode", "2025-06-18"], LEGACY, 41;
    typescript_2_4_on_2025_03_26: "node/client-v2.mjs", ["--mode", "2025-03-26"], LEGACY, 39;
    typescript_2_4_on_2024_11_05: "node/client-v2.mjs", ["--mode", "2024-11-05"], LEGACY, 38;
    typescript_2_4_auto: "node/client-v2.mjs", ["--mode", "auto", "--input"], MODERN, 49;
    typescript_2_4_modern: "node/client-v2.mjs", ["--mode", "2026-07-28", "--input"], MODERN, 49;
}

clients! { python_peers_installed, python:
    python_legacy: "python/client.py", ["--mode", "legacy"], LEGACY, 25;
    python_auto: "python/client.py", ["--mode", "auto", "--input"], MODERN, 26;
    python_modern: "python/client.py", ["--mode", "2026-07-28", "--input"], MODERN, 27;
    fastmcp_legacy: "python/client_fastmcp.py", ["--mode", "legacy"], LEGACY, 17;
    fastmcp_auto: "python/client_fastmcp.py", ["--mode", "auto"], MODERN, 17;
    fastmcp_modern: "python/client_fastmcp.py", ["--mode", "2026-07-28"], MODERN, 17;
}

/// Drives a server over each transport, all at once: a client waits more than it works. Each must
/// end well after just so many features, so that none is left out.
fn drive(
    client: impl Fn() -> Command,
    arguments: &[&str],
    transports: &[Transport],
    features: u32,
) {
    let mut running = Vec::new();
    for &transport in transports {
        let mut client = client();
        client.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Each has a server of its own: some tools change what it offers.
        let mut server = None;
        match transport {
            Transport::Stdio => client.args(["--", PROGRAM, "--stdio"]),
            Transport::Http => client.args(["--url", server.insert(listening()).url()]),
            Transport::HttpSse => client.args(["--url", &server.insert(listening()).sse_url()]),
        };
        running.push((transport, client.spawn().expect("the client starts"), server));
    }
    for (transport, client, _server) in running {
        let output = client.wait_with_output().expect("the client ends");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{transport:?}: {:?}\n{said}\n{complained}",
            output.status
        );
        let verdict = said.lines().last().unwrap_or_default();
        assert_eq!(
            verdict,
            format!("{features} passed, 0 failed"),
            "{transport:?}: {said}\n{complained}"
        );
    }
}

fn listening() -> EverythingServer {
    EverythingServer::start(PROGRAM).expect("the server listens")
}
