//! The programs of `docs/guide/from-rmcp.md` that use rmcp. They are compiled from the page.

use std::env;
use std::io::Read as _;
use std::process::{Command, Stdio};

use mcp_client::Client;
use mcp_test_support::{ServerProcess, soon};
use serde_json::{Value, json};

use crate::installed::rmcp_programs;

#[tokio::test]
#[cfg_attr(
    not(rmcp_peer_built),
    ignore = "run `cargo build --manifest-path conformance-tests/peers/rmcp/Cargo.toml`"
)]
async fn the_server_of_rmcp_does_what_the_page_says() {
    let server = Command::new(rmcp_programs().join("examples/bank-server"));
    let client = soon(Client::connect_command(server)).await.expect("a connection");
    for (arguments, balance) in [
        (json!({ "account": "savings", "cents": 500 }), 500),
        (json!({ "account": "travel", "cents": 20 }), 20),
        // Unlike a server of this SDK, it ignores what it does not know.
        (json!({ "account": "savings", "cents": 1, "currency": "EUR" }), 501),
    ] {
        let reply = soon(client.call_tool("deposit", &arguments).into_future()).await;
        let reply: Value = reply.and_then(|reply| reply.structured()).expect("a balance");
        assert_eq!(reply, json!({ "cents": balance }));
    }
    client.close().await;
}

#[test]
#[cfg_attr(
    not(rmcp_peer_built),
    ignore = "run `cargo build --manifest-path conformance-tests/peers/rmcp/Cargo.toml`"
)]
fn the_client_of_rmcp_does_what_the_page_says() {
    let folder = rmcp_programs().join("examples");
    let others = env::var_os("PATH").unwrap_or_default();
    let path = [folder.clone()].into_iter().chain(env::split_paths(&others));
    let mut command = Command::new(folder.join("bank-client"));
    command.env("PATH", env::join_paths(path).expect("folders")).stdout(Stdio::piped());
    let mut client = ServerProcess::start(&mut command);
    client.expect_stderr("deposit");
    assert!(client.wait_for_exit().0.success());
    let mut printed = String::new();
    let stdout = client.child.stdout.as_mut().expect("a pipe");
    stdout.read_to_string(&mut printed).expect("text");
    assert_eq!(printed, "500\n");
}
