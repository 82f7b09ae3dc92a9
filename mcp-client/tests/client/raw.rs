//! Requests and notifications by name, cancellation with a reason, and the end of a connection.

use std::process::Command;
use std::time::Duration;

use mcp_client::json::RawJson;
use mcp_client::transport::TransportErrorKind;
use mcp_client::{Client, Closed, ErrorKind, Revision};
use mcp_test_support::{soon, with};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::fake::{legacy_with, modern, modern_with};

#[tokio::test]
async fn a_raw_call_returns_the_text_of_the_result() {
    let (client, mut fake) = modern().await;
    let spaced: RawJson = serde_json::from_str(r#"{ }"#).unwrap();
    let with_meta: RawJson = serde_json::from_str(r#"{"_meta": {"k": 1}, "n": 1.0}"#).unwrap();
    for (params, sent) in [
        (RawJson::null(), json!({})),
        (spaced, json!({})),
        (with_meta, json!({"n": 1.0})),
        (RawJson::from(json!({"a": [1]})), json!({"a": [1]})),
    ] {
        let method = "com.example/".to_owned() + "anything";
        let result = with(client.call_raw(method, &params), async {
            let mut request = fake.expect("com.example/anything").await;
            let meta = request["params"].as_object_mut().unwrap().shift_remove("_meta").unwrap();
            assert_eq!(meta.get("k").is_some(), params.get().contains("_meta"));
            assert_eq!(request["params"], sent);
            let id = &request["id"];
            fake.raw(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"b":1.0, "a":null}}}}"#))
                .await;
        });
        assert_eq!(result.await.unwrap().get(), r#"{"b":1.0, "a":null}"#);
    }
    let error = client.call_raw("x/y", &[1]).await.unwrap_err();
    assert_eq!((error.kind(), error.method()), (ErrorKind::InvalidArgument, None));
    // A method of an extension that the server does not declare.
    let error = client.call_raw("tasks/get", &json!({"taskId": "1"})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    // The errors name the method.
    let error = with(client.call_raw("x/y", &()), async {
        let request = fake.expect("x/y").await;
        fake.refuse(&request, -32601, Value::Null).await;
    });
    let error = error.await.unwrap_err();
    assert_eq!((error.kind(), error.method()), (ErrorKind::Peer, Some("x/y")));
}

#[tokio::test]
async fn whether_a_raw_call_may_be_repeated_is_as_the_method_table_says() {
    for (method, kind) in [
        ("resources/read", ErrorKind::Transport),
        ("tools/call", ErrorKind::OutcomeUnknown),
        ("x/y", ErrorKind::OutcomeUnknown),
    ] {
        let (client, mut fake) = modern().await;
        let call = client.call_raw(method.to_owned(), &json!({"uri": "a:b", "name": "x"}));
        let (lost, ()) = tokio::join!(call.into_future(), async move {
            fake.expect(method).await;
        });
        assert_eq!(lost.unwrap_err().kind(), kind, "{method}");
    }
}

#[tokio::test]
async fn a_raw_notification_is_sent_as_it_is() {
    let (client, mut fake) = modern().await;
    client.notify_raw("com.example/n".to_owned(), &json!({"a": 1.0})).await.unwrap();
    assert_eq!(fake.expect("com.example/n").await["params"], json!({"a": 1.0}));
    client.notify_raw("com.example/n", &()).await.unwrap();
    assert_eq!(fake.expect("com.example/n").await.get("params"), None);
    let error = client.notify_raw("com.example/n", &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn the_reason_of_a_cancellation_reaches_the_server() {
    let builder = || Client::builder();
    let legacy = legacy_with(builder(), "2025-11-25").await;
    let modern = modern_with(builder()).await;
    for (client, mut fake) in [(legacy.0, legacy.1), modern] {
        let (stop, stopped) = oneshot::channel::<String>();
        let call = client.call_tool("x", &()).cancel_when(async { stopped.await.unwrap() });
        let serve = async {
            let request = fake.expect("tools/call").await;
            stop.send("stop \"now\"".to_owned()).unwrap();
            let cancelled = fake.expect("notifications/cancelled").await;
            let params = json!({"requestId": request["id"], "reason": "stop \"now\""});
            assert_eq!(cancelled["params"], params);
        };
        let (error, ()) = tokio::join!(call.into_future(), serve);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(error.to_string(), "tools/call was cancelled: stop \"now\"");
        // One that was cancelled before is not sent, and a dropped one has no reason.
        let call = client.call_tool("y", &()).cancel_when(async { "early".to_owned() });
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Cancelled);
        let mut call = client.call_tool("z", &()).into_future();
        let request = tokio::select! {
            _ = &mut call => unreachable!("nothing is answered"),
            request = fake.expect("tools/call") => request,
        };
        assert_eq!(request["params"]["name"], "z");
        drop(call);
        let cancelled = fake.expect("notifications/cancelled").await;
        assert_eq!(cancelled["params"], json!({"requestId": request["id"]}));
    }
}

#[tokio::test]
async fn a_call_that_is_sent_once_or_started_is_cancelled_too() {
    let (client, mut fake) = modern().await;
    let stop = |reason: &'static str| {
        let (stop, stopped) = oneshot::channel::<()>();
        let when = async move {
            stopped.await.unwrap();
            reason.to_owned()
        };
        (stop, client.call_tool("x", &()).cancel_when(when))
    };
    let (stop_once, once) = stop("once");
    let (stop_start, start) = stop("start");
    let asks = json!({"resultType": "input_required", "requestState": "s"});
    let pending = with(once.once(), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, asks).await;
    });
    let mcp_client::Outcome::InputRequired(pending) = pending.await.unwrap() else {
        panic!("it was asked")
    };
    // It is still the same call.
    let resumed = pending.resume(mcp_client::types::InputResponses::new());
    let serve = async {
        fake.expect("tools/call").await;
        stop_once.send(()).unwrap();
        fake.expect("notifications/cancelled").await
    };
    let (error, cancelled) = tokio::join!(resumed.into_future(), serve);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(cancelled["params"]["reason"], "once");
    let serve = async {
        fake.expect("tools/call").await;
        stop_start.send(()).unwrap();
        fake.expect("notifications/cancelled").await
    };
    let (error, cancelled) = tokio::join!(start.start(), serve);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(cancelled["params"]["reason"], "start");
}

#[tokio::test]
async fn the_end_of_a_stream_is_reported_with_its_reason() {
    // The server leaves.
    let (client, fake) = modern().await;
    let closed = client.closed();
    assert!(!client.is_closed());
    drop(fake);
    let reason = soon(closed).await;
    assert!(matches!(&reason, Closed::ByServer(_)), "{reason:?}");
    assert_eq!(reason.error().unwrap().kind(), TransportErrorKind::Closed);
    assert!(client.is_closed());
    assert!(matches!(soon(client.closed()).await, Closed::ByServer(_)));
    // The framing is violated.
    let mut builder = mcp_client::Limits::new();
    builder.connection.max_message_bytes = 1_024;
    builder.connection.max_overlong_messages = 0;
    let (client, mut fake) = modern_with(Client::builder().limits(builder)).await;
    fake.raw(&"x".repeat(4_096)).await;
    let reason = soon(client.closed()).await;
    assert!(matches!(&reason, Closed::Failed(_)), "{reason:?}");
    assert!(reason.to_string().contains("max_message_bytes"), "{reason}");
    // This side leaves.
    let (client, mut fake) = modern().await;
    let closed = client.closed();
    let ((), ()) = tokio::join!(async { assert_eq!(client.close().await, None) }, async {
        assert!(fake.maybe_next().await.is_none());
        drop(fake);
    });
    assert!(client.is_closed());
    assert!(matches!(soon(closed).await, Closed::Here));
    // The future does not keep the client.
    let (client, _fake) = modern().await;
    let closed = client.closed();
    drop(client);
    assert!(matches!(soon(closed).await, Closed::Here));
}

#[cfg(unix)]
#[tokio::test]
async fn the_end_of_a_process_is_reported_with_its_status() {
    let script = r#"
        read -r line; id=${line#*\"id\":}; id=${id%%,*}
        printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}\n' "$id"
        read -r line; read -r line; echo 'out of coffee' >&2; exit 7"#;
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script);
    let builder = Client::builder().revision(Revision::V2025_11_25);
    let client = builder.timeout(Duration::from_secs(30)).connect_command(command).await.unwrap();
    let closed = client.closed();
    assert!(client.ping().await.is_err());
    let reason = soon(closed).await;
    let text = reason.to_string();
    assert!(matches!(&reason, Closed::ByServer(_)), "{reason:?}");
    assert!(text.contains("exit status: 7") && text.contains("out of coffee"), "{text}");
    assert_eq!(client.exit_status().and_then(|status| status.code()), Some(7));
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_ends_its_output_has_ended_the_connection_though_the_host_closes_it_then() {
    let script = r#"
        read -r line; id=${line#*\"id\":}; id=${id%%,*}
        printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}\n' "$id"
        read -r line; read -r line; exec >&-; exec 0<&-; sleep 60"#;
    let mut limits = mcp_client::Limits::new();
    limits.close_timeout = Duration::from_millis(200);
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script);
    let builder = Client::builder().revision(Revision::V2025_11_25).limits(limits);
    let client = builder.connect_command(command).await.unwrap();
    let closed = client.closed();
    assert!(client.ping().await.is_err());
    client.close().await;
    let reason = soon(closed).await;
    assert!(matches!(&reason, Closed::ByServer(_)), "{reason:?}");
}

#[tokio::test]
async fn a_client_of_a_server_in_memory_is_open_until_it_is_closed() {
    let client = Client::connect_memory(&crate::memory::Server).await.unwrap();
    let closed = client.closed();
    assert!(!client.is_closed());
    client.close().await;
    assert!(client.is_closed());
    assert!(matches!(soon(closed).await, Closed::Here));
}
