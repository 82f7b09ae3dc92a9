//! Other SDKs' clients drive our everything server through every feature, over stdio and over HTTP, in every
//! mode that they have.

use std::process::{Command, Stdio};

use mcp_conformance_tests::EverythingServer;

use crate::installed::{node, python};

const PROGRAM: &str = env!("CARGO_BIN_EXE_everything-server");

/// A test for each client: its name, script, arguments, and the number of its features.
macro_rules! clients {
    ($($name:ident: $client:expr, $arguments:expr, $features:literal;)+) => {
        $(#[test]
        fn $name() {
            let (Some(over_stdio), Some(over_http)) = ($client, $client) else { return };
            drive([over_stdio, over_http], &$arguments, $features);
        })+
    };
}

clients! {
    typescript_1_32: node("node/client-v1.mjs"), [], 41;
    typescript_2_4_legacy: node("node/client-v2.mjs"), ["--mode", "legacy"], 41;
    typescript_2_4_on_2025_06_18: node("node/client-v2.mjs"), ["--mode", "2025-06-18"], 40;
    typescript_2_4_on_2025_03_26: node("node/client-v2.mjs"), ["--mode", "2025-03-26"], 38;
    typescript_2_4_on_2024_11_05: node("node/client-v2.mjs"), ["--mode", "2024-11-05"], 37;
    typescript_2_4_auto: node("node/client-v2.mjs"), ["--mode", "auto", "--input"], 48;
    typescript_2_4_pinned_to_2026_07_28: node("node/client-v2.mjs"), ["--mode", "2026-07-28", "--input"], 48;
    python_legacy: python("python/client.py"), ["--mode", "legacy"], 24;
    python_auto: python("python/client.py"), ["--mode", "auto", "--input"], 25;
    python_pinned_to_2026_07_28: python("python/client.py"), ["--mode", "2026-07-28", "--input"], 26;
    fastmcp_legacy: python("python/client_fastmcp.py"), ["--mode", "legacy"], 17;
    fastmcp_auto: python("python/client_fastmcp.py"), ["--mode", "auto"], 17;
    fastmcp_pinned_to_2026_07_28: python("python/client_fastmcp.py"), ["--mode", "2026-07-28"], 17;
}

/// Drives a server over each transport, both at once: a client waits more than it works. Each must end well after
/// just so many features, so that none is left out.
fn drive(clients: [Command; 2], arguments: &[&str], features: u32) {
    let [mut over_stdio, mut over_http] = clients;
    let server = EverythingServer::start(PROGRAM).expect("the server listens");
    over_stdio.args(arguments).args(["--", PROGRAM, "--stdio"]);
    over_http.args(arguments).args(["--url", server.url()]);
    let running = [("stdio", over_stdio), ("HTTP", over_http)].map(|(transport, mut client)| {
        client.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (transport, client.spawn().expect("the client starts"))
    });
    for (transport, client) in running {
        let output = client.wait_with_output().expect("the client ends");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "over {transport}: {:?}\n{said}\n{complained}", output.status);
        let verdict = said.lines().last().unwrap_or_default();
        assert_eq!(verdict, format!("{features} passed, 0 failed"), "over {transport}: {said}\n{complained}");
    }
}
