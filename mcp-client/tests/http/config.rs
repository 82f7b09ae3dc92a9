//! Servers of a configuration file over HTTP, of both eras.

use std::sync::{Arc, Mutex};

use mcp_client::config::{ConfigErrorKind, HostConfig};
use mcp_client::http::{
    Bytes, HttpBody, HttpError, HttpStack, Request, Response, StatusCode, async_trait,
};
use mcp_client::{ClientGroup, Revision};
use mcp_test_support::message::{self, discovered, response, text};
use serde_json::{Value, json};

/// Servers at `https://modern.example/mcp` and `https://legacy.example/mcp`.
#[derive(Clone, Default)]
struct Servers {
    /// The header fields of the requests, by URL.
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

#[async_trait]
impl HttpStack for Servers {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let url = request.uri().to_string();
        let key = request.headers().get("x-key").map_or("", |key| key.to_str().expect("ASCII"));
        self.seen.lock().expect("no panic").push((url.clone(), key.to_owned()));
        let respond = |status: u16, body: &Value| {
            let mut response = Response::new(HttpBody::new(body.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            let media = "application/json".parse().expect("a value");
            response.headers_mut().insert("content-type", media);
            Ok(response)
        };
        let Ok(asked) = serde_json::from_slice::<Value>(request.body()) else {
            return respond(405, &Value::Null);
        };
        let result = match asked["method"].as_str().expect("a method") {
            "server/discover" if url.contains("legacy") => {
                let error = message::error(&asked["id"], (-32601).into(), "no", Value::Null);
                return respond(404, &error);
            }
            "server/discover" => discovered(json!({"tools": {}})),
            "initialize" => message::initialized("2025-11-25"),
            "tools/call" => text("done"),
            "tools/list" => json!({
                "resultType": "complete",
                "tools": [{"name": "do", "inputSchema": {"type": "object"}}],
            }),
            _ => return respond(202, &Value::Null),
        };
        respond(200, &response(&asked["id"], result))
    }
}

#[tokio::test]
async fn servers_of_both_eras_with_header_fields_and_variables() {
    let config = HostConfig::parse(
        r#"{"mcpServers": {
            "new": {"url": "https://${WHICH:-modern}.example/mcp", "headers": {"X-Key": "${KEY}"}},
            "old": {"type": "http", "url": "https://legacy.example/mcp"},
            "plain": {"url": "legacy.example/mcp"},
            "field": {"url": "https://legacy.example/mcp", "headers": {"bad name": "CANARY"}},
            "value": {"url": "https://legacy.example/mcp", "headers": {"X-Key": "${LINES}"}}
        }}"#,
    )
    .unwrap();
    let servers = Servers::default();
    let stack = servers.clone();
    let started = ClientGroup::from_config(&config)
        .variables(|name| match name {
            "KEY" => Some("k3y".to_owned()),
            "LINES" => Some("CANARY\nx".to_owned()),
            _ => None,
        })
        .client(move |_, builder| builder.http_stack(stack.clone()))
        .start()
        .await;
    let failed: Vec<_> =
        started.failed.iter().map(|error| (error.pointer(), error.kind())).collect();
    let form = ConfigErrorKind::Form;
    let expected = [
        ("/mcpServers/plain/url", form),
        ("/mcpServers/field/headers/bad name", form),
        ("/mcpServers/value/headers/X-Key", form),
    ];
    assert_eq!(failed, expected);
    assert!(!format!("{:?}", started.failed).contains("CANARY"), "{:?}", started.failed);

    for (name, revision) in [("new", Revision::V2026_07_28), ("old", Revision::V2025_11_25)] {
        assert_eq!(started.group.client(name).await.unwrap().revision(), revision);
        let reply = started.group.call_tool(&format!("{name}__do"), &json!({})).await.unwrap();
        assert_eq!(reply.text(), "done");
    }
    for (url, key) in servers.seen.lock().expect("no panic").iter() {
        assert_eq!(key, if url.contains("modern") { "k3y" } else { "" }, "{url}");
    }
    started.group.close().await;
}
