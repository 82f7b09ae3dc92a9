//! Clients of other SDKs against the everything server: every feature, over stdio and HTTP, in
//! every mode of the clients.

use std::process::{Command, Stdio};

use mcp_conformance_tests::EverythingServer;

use crate::installed::{node, python, python_with_tasks};

const PROGRAM: &str = env!("CARGO_BIN_EXE_everything-server");

/// The transport between a client and the server.
#[derive(Debug, Clone, Copy)]
enum Transport {
    Stdio,
    Http,
    /// HTTP+SSE, the transport of 2024-11-05.
    HttpSse,
}

const LEGACY: &[Transport] = &[Transport::Stdio, Transport::Http, Transport::HttpSse];
/// The transports of the modern era, and of tasks.
const MODERN: &[Transport] = &[Transport::Stdio, Transport::Http];

/// Defines a test for each client: its name, script, arguments, transports, and number of features.
/// `$start` starts the script. The tests are ignored unless the cfg `$installed` is set.
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
    ext_tasks_0_2: "node/client-tasks.mjs", ["--mode", "2026-07-28"], MODERN, 12;
    ext_tasks_0_2_on_2025_11_25: "node/client-tasks.mjs", ["--mode", "2025-11-25"], MODERN, 11;
}

clients! { python_peers_installed, python:
    python_legacy: "python/client.py", ["--mode", "legacy"], LEGACY, 25;
    python_auto: "python/client.py", ["--mode", "auto", "--input"], MODERN, 26;
    python_modern: "python/client.py", ["--mode", "2026-07-28", "--input"], MODERN, 27;
    fastmcp_legacy: "python/client_fastmcp.py", ["--mode", "legacy"], LEGACY, 17;
    fastmcp_auto: "python/client_fastmcp.py", ["--mode", "auto"], MODERN, 17;
    fastmcp_modern: "python/client_fastmcp.py", ["--mode", "2026-07-28"], MODERN, 17;
}

clients! { fastmcp_tasks_installed, python_with_tasks:
    fastmcp_tasks_auto: "python/client_fastmcp_tasks.py", ["--mode", "auto"], MODERN, 9;
    fastmcp_tasks_modern: "python/client_fastmcp_tasks.py", ["--mode", "2026-07-28"], MODERN, 9;
}

/// Runs the client against a server over each transport, in parallel, because clients spend most of
/// their time waiting. Each must succeed with exactly this number of features, so that none is left
/// out.
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
        // Each client has its own server, because some tools change the server.
        let mut server = None;
        match transport {
            Transport::Stdio => client.args(["--", PROGRAM, "--stdio"]),
            Transport::Http => client.args(["--url", server.insert(listening()).url()]),
            Transport::HttpSse => client.args(["--url", &server.insert(listening()).sse_url()]),
        };
        running.push((transport, client.spawn().expect("the client starts"), server));
    }
    for (transport, client, _server) in running {
        let output = client.wait_with_output().expect("the client exits");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{transport:?}: {:?}\n{stdout}\n{stderr}", output.status);
        let summary = stdout.lines().last().unwrap_or_default();
        assert_eq!(
            summary,
            format!("{features} passed, 0 failed"),
            "{transport:?}: {stdout}\n{stderr}"
        );
    }
}

fn listening() -> EverythingServer {
    EverythingServer::start(PROGRAM).expect("the server listens")
}
