//! Scopes of operations (AUTH-41): one 403 names all of them, before anything runs.

use http::Method;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::oauth::Challenge;
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::Args;
use mcp_server::layer::Layer;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::Schema;
use mcp_server::{Context, Server};
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message;
use serde_json::{Value, json};

use crate::fixture::{
    ERAS, Era, METADATA, in_session, open_session, protection, routes, send, serve, service, tool,
    with,
};

pub(crate) fn required(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 403, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let challenges = Challenge::of(&answer.headers);
    assert_eq!(challenges.len(), 1);
    assert_eq!(challenges[0].scheme(), "Bearer");
    assert_eq!(challenges[0].get("error"), Some("insufficient_scope"));
    assert_eq!(challenges[0].get("resource_metadata"), Some(METADATA));
    challenges[0].get("scope").unwrap().split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn an_operation_names_all_its_scopes_at_once() {
    let table: [(&str, Value, &[&str]); 7] = [
        ("tools/call", tool("read", json!({ "path": "a" })), &["files:read", "files:list"]),
        ("tools/call", tool("clone_repository", json!({ "owner": "me" })), &["repo:me"]),
        ("prompts/get", json!({ "name": "greet", "arguments": { "name": "a" } }), &["prompts"]),
        ("resources/read", json!({ "uri": "text://secret" }), &["secrets"]),
        ("resources/read", json!({ "uri": "text://notes/7" }), &["notes:read", "notes:7"]),
        ("resources/subscribe", json!({ "uri": "text://notes/7" }), &["notes:read", "notes:7"]),
        (
            "subscriptions/listen",
            json!({ "notifications": { "resourceSubscriptions": ["text://secret", "text://notes/7"] } }),
            &["secrets", "notes:read", "notes:7"],
        ),
    ];
    let service = service();
    for (method, params, scopes) in table {
        for era in ERAS {
            match (method, era) {
                ("resources/subscribe", Era::Modern) | ("subscriptions/listen", Era::Legacy) => {
                    continue;
                }
                _ => {}
            }
            let answer = send(&service, era, "low", method, params.clone()).await;
            assert_eq!(required(&answer), scopes, "{method} {era:?}");
            let error = &answer.json()["error"];
            assert_eq!(error["data"]["requiredScopes"], json!(scopes));
            if method != "subscriptions/listen" {
                let answer = send(&service, era, "full", method, params.clone()).await;
                assert_eq!(answer.status, 200, "{method} {era:?}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_reads_only_streams_gets_the_status_too() {
    let service = service();
    let session = open_session(&service, "low").await;
    let params = tool("read", json!({ "path": "a" }));
    let call = Call::raw(&message::request(2, "tools/call", params));
    let call = in_session(call, &session).header("accept", "text/event-stream");
    required(&with("low", call).send(&service).await);
}

/// A handler, or a store that is read first, may find out later that a scope is missing.
#[tokio::test]
async fn a_refusal_that_takes_time_has_the_status_too() {
    let late = ToolRoute::builder("late").handler(|_: Context| async {
        tokio::task::yield_now().await;
        let details = json!({ "requiredScopes": ["a", "b"] });
        let error = ErrorObject::new(code::INVALID_REQUEST, "insufficient scope");
        Err::<String, _>(
            error.with_data(&details).with_kind(ErrorKind::InsufficientScope, &details),
        )
    });
    let service = routes().tool(late).protect(protection()).into_service().unwrap();
    for era in ERAS {
        let params = tool("late", json!({}));
        let answer = send(&service, era, "low", "tools/call", params).await;
        assert_eq!(required(&answer), ["a", "b"], "{era:?}");
    }
}

#[tokio::test]
async fn a_batch_names_the_scopes_of_all_its_requests() {
    let service = service();
    let initialize = Call::raw(&message::initialize("2025-03-26", json!({})));
    let opened = with("low", initialize).send(&service).await;
    let session = opened.header("mcp-session-id").unwrap();
    let batch = json!([
        message::call(1, "open", json!({})),
        message::call(2, "read", json!({ "path": "a" })),
        message::call(3, "clone_repository", json!({ "owner": "me" })),
    ]);
    let post = Call::raw(&batch).header("mcp-session-id", session);
    let answer = with("low", post.clone()).send(&service).await;
    assert_eq!(required(&answer), ["files:read", "files:list", "repo:me"]);
}

#[tokio::test]
async fn scopes_of_the_server_and_of_methods_are_added() {
    let service =
        serve(protection().scopes(["mcp:use"]).method_scopes("tools/call", ["tools:call"]));
    let initialize = Call::raw(&message::initialize("2025-11-25", json!({})));
    assert_eq!(required(&with("low", initialize).send(&service).await), ["mcp:use"]);
    let list = Call::new("tools/list", json!({}));
    assert_eq!(required(&with("full", list).send(&service).await), ["mcp:use"]);
    let read = Call::tool("read", json!({ "path": "a" }));
    let all = ["mcp:use", "tools:call", "files:read", "files:list"];
    assert_eq!(required(&with("full", read).send(&service).await), all);
}

#[tokio::test]
async fn a_hierarchy_decides_what_a_scope_includes() {
    let service = serve(protection().scope_hierarchy(|granted, required| {
        granted == "files:read" && required.starts_with("repo:")
    }));
    let call = Call::tool("clone_repository", json!({ "owner": "anyone" }));
    assert_eq!(with("full", call.clone()).send(&service).await.status, 200);
    assert_eq!(with("low", call).send(&service).await.status, 403);
}

#[tokio::test]
async fn a_value_that_cannot_be_a_scope_is_refused() {
    let service = service();
    for era in ERAS {
        for owner in [
            json!("a admin"),
            json!("a/b"),
            json!("a:b"),
            json!("\""),
            json!(""),
            json!({}),
            Value::Null,
        ] {
            let params = tool("clone_repository", json!({ "owner": owner }));
            let answer = send(&service, era, "full", "tools/call", params).await;
            assert_eq!(answer.code(), -32602, "{owner}");
            assert!(answer.text.contains("/arguments/owner"), "{}", answer.text);
        }
        let params = json!({ "uri": "text://notes/a%20b" });
        let answer = send(&service, era, "full", "resources/read", params).await;
        assert_eq!(answer.code(), -32602, "{}", answer.text);
    }
}

#[tokio::test]
async fn the_name_in_the_header_decides_nothing() {
    // The body calls `read`, the header says `open`.
    let call = Call::tool("read", json!({ "path": "a" })).header("mcp-name", "open");
    let answer = with("low", call).send(&service()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32020));
}

#[tokio::test]
async fn routes_may_be_hidden_instead() {
    let service = serve(protection().hide_denied());
    for era in ERAS {
        let call = |name: &str| {
            let params = tool(name, json!({ "path": "a" }));
            send(&service, era, "low", "tools/call", params)
        };
        let (hidden, unknown) = (call("read").await, call("unknown").await);
        assert_eq!(hidden.status, unknown.status);
        let text = hidden.text.replace("read", "unknown");
        assert_eq!(text, unknown.text);
        let read = |uri: &str| send(&service, era, "low", "resources/read", json!({ "uri": uri }));
        let (hidden, unknown) = (read("text://secret").await, read("text://secreT").await);
        assert_eq!(hidden.status, unknown.status);
        assert_eq!(hidden.text.replace("secret", "secreT"), unknown.text);
    }
}

#[tokio::test]
async fn without_protection_a_route_with_scopes_is_closed() {
    let service = routes().into_service().unwrap();
    let read = Call::tool("read", json!({ "path": "a" }));
    let answer = read.send(&service).await;
    assert_eq!(answer.status, 403);
    let challenge = &Challenge::of(&answer.headers)[0];
    assert_eq!(challenge.get("scope"), Some("files:read files:list"));
    assert_eq!(challenge.get("resource_metadata"), None);
    assert_eq!(Call::tool("open", json!({})).send(&service).await.status, 200);
}

#[test]
fn scopes_that_are_not_valid_are_not_registered() {
    use mcp_server::prompt::PromptRoute;

    let server = || Server::builder("test", "1.0.0");
    let tool = ToolRoute::builder("a").scopes(["a b"]).handler(|| async { "" });
    let prompt = PromptRoute::builder("a").scopes(["x:{y}"]).handler(|| async { "" });
    let template = ResourceRoute::builder("a://{id}", "a").scopes(["x:{other}"]);
    let resource = ResourceRoute::builder("a://b", "a").scopes(["x:{id}"]);
    let errors = [
        server().tool(tool).build().map(drop),
        server().prompt(prompt).build().map(drop),
        server().resource(template.handler(|| async { "" })).build().map(drop),
        server().resource(resource.handler(|| async { "" })).build().map(drop),
    ];
    for (error, names) in errors.into_iter().zip(["\"a b\"", "\"y\"", "\"other\"", "\"id\""]) {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(names), "{error}");
    }
}

#[tokio::test]
async fn an_encoded_uri_does_not_reach_a_weaker_route() {
    let secret = ResourceRoute::builder("file:///docs/secret.txt", "secret").scopes(["secrets"]);
    let all = ResourceRoute::builder("file:///docs/{+path}", "all").scopes(["files:read"]);
    let service = Server::builder("test", "1.0.0")
        .resource(secret.handler(|| async { "secret" }))
        .resource(all.handler(|| async { "any" }))
        .protect(protection())
        .into_service()
        .unwrap();
    let read = |token: &str, uri: &str| {
        let call = Call::new("resources/read", json!({ "uri": uri }));
        let call = with(token, call);
        let service = service.clone();
        async move { call.send(&service).await }
    };
    // `reader` has `files:read`, and not `secrets`.
    assert_eq!(read("reader", "file:///docs/other.txt").await.status, 200);
    for alias in ["secret.txt", "secret%2Etxt", "secret%2etxt", "%73ecret.txt"] {
        let answer = read("reader", &format!("file:///docs/{alias}")).await;
        assert!(required(&answer).contains(&"secrets".to_owned()), "{alias}");
    }
    assert_eq!(read("full", "file:///docs/secret%2Etxt").await.status, 200);
}

#[tokio::test]
async fn every_message_needs_the_scopes_of_the_server() {
    let service = serve(protection().scopes(["files:read"]));
    let session = open_session(&service, "full").await;
    let empty = |method: Method| in_session(Call::empty(method), &session);
    let post = |body: Value| in_session(Call::raw(&body), &session);
    let modern = message::modern(message::notification("notifications/x", json!({})));
    // `low` is another user: the scopes come before the session.
    let requests = [
        empty(Method::GET).header("accept", "text/event-stream"),
        empty(Method::DELETE),
        post(message::notification("notifications/cancelled", json!({ "requestId": 1 }))),
        post(json!({ "jsonrpc": "2.0", "id": 1, "result": {} })),
        Call::of(&modern),
    ];
    for request in requests {
        let answer = with("low", request.clone()).send(&service).await;
        assert_eq!(required(&answer), ["files:read"], "{request:?}");
    }
}

/// A layer that calls another tool than the client did.
#[derive(Clone)]
struct Alias;

impl<S> Layer<S> for Alias {
    type Service = Aliased<S>;

    fn layer(&self, inner: S) -> Aliased<S> {
        Aliased(inner)
    }
}

struct Aliased<S>(S);

impl<S: Service> Service for Aliased<S> {
    async fn call(&self, mut request: Request) -> Reply {
        let text = String::from_utf8(request.params.as_bytes().to_vec()).unwrap();
        let text = text.replace("\"alias\"", "\"read\"");
        request.params =
            JsonBytes::new(&serde_json::from_str::<Value>(&text).unwrap()).unwrap().into();
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}

#[tokio::test]
async fn a_layer_that_changes_the_name_does_not_change_the_scopes() {
    let service = routes().layer(Alias).protect(protection()).into_service().unwrap();
    for era in ERAS {
        let params = tool("alias", json!({ "path": "a" }));
        let answer = send(&service, era, "low", "tools/call", params.clone()).await;
        assert_eq!(answer.code(), -32600, "{era:?}: {}", answer.text);
        let answer = send(&service, era, "full", "tools/call", params).await;
        assert!(answer.json()["result"].is_object(), "{}", answer.text);
    }
}

/// THREAT-118: an untyped argument may be a string of JSON in a dialect.
#[tokio::test]
async fn a_scope_depends_on_the_argument_that_the_handler_sees() {
    let owner = json!({
        "type": "object", "properties": { "owner": {}, "note": {} }, "required": ["owner"],
    });
    let lock = ToolRoute::builder("lock")
        .input_schema(Schema::try_from(owner).unwrap())
        .scopes(["repo:{owner}"])
        .schema_dialect(SchemaDialect::Strict)
        .handler(|Args(it): Args<serde_json::Map<String, Value>>| async move {
            format!("{} {:?}", it["owner"], it.get("note"))
        });
    let service = routes().tool(lock).protect(protection()).into_service().unwrap();
    for era in ERAS {
        // The text of the string, and the value that it contains.
        for (owner, scope) in [("\"you\"", "repo:you"), ("you", "repo:you"), ("7", "repo:7")] {
            let params = tool("lock", json!({ "owner": owner }));
            let answer = send(&service, era, "full", "tools/call", params).await;
            assert_eq!(required(&answer), [scope], "{era:?} {owner}");
        }
        for owner in ["me", "\"me\""] {
            // Both are translated once: twice would make a number of the note.
            let params = tool("lock", json!({ "owner": owner, "note": "\"7\"" }));
            let answer = send(&service, era, "full", "tools/call", params).await;
            assert_eq!(answer.status, 200, "{era:?}: {}", answer.text);
            assert!(answer.text.contains(r#"\"me\" Some(String(\"7\"))"#), "{}", answer.text);
        }
    }
}
