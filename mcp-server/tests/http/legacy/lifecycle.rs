//! How sessions begin, whom they belong to, and how they end.

use http::{Method, StatusCode};
use mcp_server::{Principal, Revision, Server};
use mcp_test_support::message::call;
use mcp_test_support::settle;
use serde_json::json;

use super::harness::{Client, Host, initialize};

const REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

#[tokio::test]
async fn a_session_from_its_first_message_to_its_last() {
    for revision in REVISIONS {
        let host = Host::new();
        let client = host.session(revision).await;
        let id = client.session.clone().unwrap();
        assert!(id.len() >= 43 && id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        let answer = client.call(1, "echo", json!({"text": "hello"})).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.is_stream(), "a handler that says nothing else answers with JSON");
        assert_eq!(answer.tool_text().await, "hello");
        assert!(client.delete().await.status.is_success());
        for answer in [
            client.call(2, "echo", json!({"text": "x"})).await,
            client.get().await,
            client.delete().await,
        ] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn a_session_id_is_needed_and_must_be_one_of_ours() {
    let host = Host::new();
    let session = host.session("2025-11-25").await;
    let mut client = host.client();
    assert_eq!(client.call(1, "echo", json!({"text": "x"})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(client.get().await.status, StatusCode::BAD_REQUEST);
    assert_eq!(client.delete().await.status, StatusCode::BAD_REQUEST);
    let known = session.session.clone().unwrap();
    let long = known.repeat(50);
    let other = known.chars().rev().collect::<String>();
    for id in ["1", "", "é", &known[1..], &known.to_uppercase().replace('0', "F"), &long, &other] {
        client.session = Some(id.to_owned());
        assert_eq!(
            client.call(1, "echo", json!({"text": "x"})).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(client.get().await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.delete().await.status, StatusCode::NOT_FOUND);
        // An id of the client's own is never taken over (THREAT-46).
        assert_eq!(client.post(initialize("2025-11-25")).await.status, StatusCode::NOT_FOUND);
    }
    let twice = [("mcp-session-id", known.as_str()), ("mcp-session-id", known.as_str())];
    client.session = None;
    let body = call(1, "echo", json!({"text": "x"})).to_string();
    assert_eq!(client.send(Method::POST, &twice, body).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(session.call(1, "echo", json!({"text": "x"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_initialize_changes_nothing() {
    let host = Host::new();
    let client = host.session("2025-06-18").await;
    let answer = client.post(initialize("2025-11-25")).await.json().await;
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(client.call(1, "echo", json!({"text": "x"})).await.tool_text().await, "x");
}

#[tokio::test]
async fn a_failed_initialize_leaves_no_session() {
    let host = Host::new();
    let client = host.client();
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}});
    let answer = client.post(message).await;
    assert_eq!(answer.header("mcp-session-id"), None);
    assert_eq!(answer.json().await["error"]["code"], -32602);
}

#[tokio::test]
async fn an_unknown_revision_gets_the_latest_one() {
    let host = Host::new();
    let answer = host.client().post(initialize("2031-01-01")).await.json().await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn the_version_header_may_be_missing_but_not_wrong() {
    let host = Host::new();
    let mut client = host.session("2025-06-18").await;
    for (version, status) in [
        (None, StatusCode::OK),
        (Some("2025-06-18"), StatusCode::OK),
        (Some("2024-11-05"), StatusCode::BAD_REQUEST),
        (Some("2025-03-26"), StatusCode::BAD_REQUEST),
        (Some("2025-11-25"), StatusCode::BAD_REQUEST),
        (Some("1999-01-01"), StatusCode::BAD_REQUEST),
        (Some(""), StatusCode::BAD_REQUEST),
        (Some("2026-07-28"), StatusCode::BAD_REQUEST),
    ] {
        client.version = version.map(str::to_owned);
        let answer = client.call(1, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, status, "{version:?}");
    }
}

#[tokio::test]
async fn a_session_belongs_to_the_principal_that_began_it() {
    let host = Host::new();
    let principals = [None, Some(Principal::new("alice")), Some(Principal::new("bob"))];
    for owner in &principals {
        let mut client = host.client();
        client.principal.clone_from(owner);
        client.initialize("2025-11-25").await;
        for caller in principals.iter().filter(|caller| *caller != owner) {
            let mut thief = client.clone();
            thief.principal.clone_from(caller);
            assert_eq!(
                thief.call(1, "echo", json!({"text": "x"})).await.status,
                StatusCode::NOT_FOUND
            );
            let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            assert_eq!(thief.post(note).await.status, StatusCode::NOT_FOUND);
            assert_eq!(thief.get().await.status, StatusCode::NOT_FOUND);
            assert_eq!(thief.resume("0000000000000000-0").await.status, StatusCode::NOT_FOUND);
            assert_eq!(thief.delete().await.status, StatusCode::NOT_FOUND);
        }
        let name = owner.as_ref().map_or("anonymous", Principal::id);
        assert_eq!(client.call(1, "whoami", json!({})).await.tool_text().await, name);
        assert_eq!(client.get().await.status, StatusCode::OK);
        assert!(client.delete().await.status.is_success());
    }
}

#[tokio::test(start_paused = true)]
async fn delete_ends_everything() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let standalone = client.get().await;
    let streaming = client.call(1, "count", json!({"to": 1_000})).await;
    let asking = {
        let client = client.clone();
        tokio::spawn(async move {
            client.call(2, "ask", json!({"question": "name?"})).await.messages().await
        })
    };
    let waiting = {
        let client = client.clone();
        tokio::spawn(async move {
            client.call(3, "slow", json!({"ms": 3_600_000})).await.messages().await
        })
    };
    settle().await;
    assert!(client.delete().await.status.is_success());
    assert_eq!(standalone.messages().await, Vec::<serde_json::Value>::new());
    assert!(streaming.messages().await.iter().all(|message| message["result"].is_null()));
    assert!(asking.await.unwrap().iter().all(|message| message["result"].is_null()));
    assert_eq!(waiting.await.unwrap(), Vec::<serde_json::Value>::new());
    assert_eq!(host.log.dropped(), 1);
}

#[tokio::test]
async fn notifications_and_answers_are_accepted() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    for message in [
        json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}),
        json!({"jsonrpc": "2.0", "method": "notifications/of/mine", "params": {"a": 1}}),
        json!({"jsonrpc": "2.0", "id": 99, "result": {}}),
        json!({"jsonrpc": "2.0", "id": "x", "error": {"code": -1, "message": "no"}}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {}}),
    ] {
        let answer = client.post(message).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.text().await, "");
    }
}

#[tokio::test]
async fn refusals_name_the_request_that_they_refuse() {
    let host = Host::new();
    let session = host.session("2025-11-25").await;
    let mut gone = session.clone();
    gone.session = Some("00".repeat(32));
    let mut wrong = session.clone();
    wrong.version = Some("1999-01-01".into());
    let mut modern = session.clone();
    modern.version = Some("2026-07-28".into());
    let mut missing = host.client();
    missing.version = Some("2025-11-25".into());
    let nothing = host.client();
    for (what, client, status) in [
        ("a session that has ended", gone, StatusCode::NOT_FOUND),
        ("an unknown version", wrong, StatusCode::BAD_REQUEST),
        ("a modern version", modern, StatusCode::BAD_REQUEST),
        ("a missing session", missing, StatusCode::BAD_REQUEST),
        ("nothing", nothing, StatusCode::BAD_REQUEST),
    ] {
        let answer = client.call("a7", "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.json().await["id"], "a7", "{what}");
    }
}

#[tokio::test]
async fn a_request_without_session_and_version_is_answered_as_on_a_stream() {
    use mcp_server::service::{Accept as _, CallError, Peer, Request, Service as _};
    let legacy = [Revision::V2025_06_18, Revision::V2025_11_25];
    for revisions in [&Revision::ALL[..], &legacy] {
        let server = Server::builder("alike", "1").revisions(revisions).build().unwrap();
        let client = Client::of(&server.clone().into_service());
        for method in ["ping", "tools/list", "tools/call", "server/discover", "no/such"] {
            let connection = server.accept(Peer::none());
            let params = mcp_server::json::JsonBytes::empty_object();
            let on_stream = connection.call(Request::new(7.into(), method, params)).await;
            let answer = client.post(json!({"jsonrpc": "2.0", "id": 7, "method": method})).await;
            let is_success = answer.status == StatusCode::OK;
            let answer = answer.json().await;
            assert_eq!(answer["id"], 7, "{method}");
            match on_stream {
                Ok(result) => {
                    assert!(is_success);
                    assert_eq!(answer["result"], result.parse::<serde_json::Value>().unwrap());
                }
                Err(CallError::Peer(error)) => {
                    assert!(!is_success);
                    assert_eq!(answer["error"]["code"], error.code(), "{method}");
                    assert_eq!(answer["error"]["message"], error.message(), "{method}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
