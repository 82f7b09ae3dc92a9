//! What users get wrong about a server of their own, and what the errors say of it.

#[cfg(unix)]
use std::process::Command;
use std::time::Duration;

use mcp_client::{Client, ConnectPhase, Expired};
use mcp_test_support::message::text;
use mcp_test_support::with;

use crate::fake::{Fake, modern};

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_is_not_there_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not-executable");
    std::fs::write(&file, "").unwrap();
    let mut elsewhere = Command::new("/bin/sh");
    elsewhere.current_dir("/no/such/folder");
    for (command, told) in [
        (Command::new("no-such-server"), "no such program in PATH"),
        (Command::new("/no/such/server"), "no such file"),
        (Command::new(&file), "may not execute"),
        (elsewhere, "its directory /no/such/folder does not exist"),
    ] {
        let program = command.get_program().to_str().unwrap().to_owned();
        let error = Client::connect_command(command).await.unwrap_err();
        assert_eq!(error.kind(), mcp_client::ErrorKind::Spawn);
        let text = error.to_string();
        assert!(text.contains(told) && text.contains(&program), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_writes_beside_messages_is_quoted() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        fake.raw("\u{1b}[32mListening on port 8080\u{1b}[0m").await;
        fake.raw(&"x".repeat(10_000)).await;
        fake.raw("{\"level\": \"info\"}").await;
        std::future::pending::<()>().await;
    };
    let connecting = Client::builder()
        .timeout(Duration::from_secs(10))
        .startup_timeout(Duration::from_secs(60))
        .connect(reader, writer);
    let error = tokio::select! {
        connected = connecting => connected.unwrap_err(),
        () = serve => unreachable!(),
    };
    let text = error.to_string();
    assert_eq!(error.expired(), Some(Expired::Idle), "{text}");
    assert!(text.contains("wrote 3 lines that are not messages"), "{text}");
    assert!(text.contains("\"\\u{1b}[32mListening on port 8080\\u{1b}[0m\""), "{text}");
    // Later too, and one long line is cut.
    let (client, mut fake) = modern().await;
    let error = with(client.call_tool("x", &()), async {
        fake.expect("tools/call").await;
        fake.raw(&"ü".repeat(10_000)).await;
        assert_eq!(fake.next().await["error"]["code"], -32700);
        fake.expect("notifications/cancelled").await;
    });
    let error = error.await.unwrap_err().to_string();
    assert!(error.contains("wrote a line that is not a message: \"üü"), "{error}");
    assert!(error.chars().filter(|it| *it == 'ü').count() == 200, "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_is_no_server_is_quoted() {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo usage: tool FILE; exit 2"]);
    let error = Client::connect_command(command).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("\"usage: tool FILE\"") && text.contains("exit status: 2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_time_to_connect_covers_the_probe_and_the_handshake() {
    let ((reader, writer), mut fake) = Fake::new();
    let timeout = Duration::from_secs(12);
    let begun = tokio::time::Instant::now();
    let connecting = Client::builder().startup_timeout(timeout).connect(reader, writer);
    let serve = async {
        fake.expect("server/discover").await;
        fake.expect("initialize").await;
        // The probe is cancelled, and then the connection is closed.
        while fake.maybe_next().await.is_some() {}
    };
    let (error, ()) = tokio::join!(connecting, serve);
    let error = error.unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Startup(ConnectPhase::Handshake)));
    assert_eq!(begun.elapsed(), timeout);
}

#[tokio::test]
async fn a_tool_without_arguments_is_called_with_a_unit() {
    let (client, mut fake) = modern().await;
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        assert_eq!(request["params"].get("arguments"), None);
        fake.reply(&request, text("done")).await;
    });
    reply.await.unwrap();
}
