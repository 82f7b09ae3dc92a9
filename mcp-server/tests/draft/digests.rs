//! Digests of lists and of `server/discover`, and the digests that a client knows.

use std::collections::BTreeSet;
use std::time::Duration;

use mcp_server::http::HttpService;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::CacheScope;
use mcp_server::{Server, ServerBuilder};
use mcp_test_support::http::Call;
use mcp_test_support::message::{add_modern_meta, request, result_of};
use serde_json::{Value, json};

use crate::fixture;

/// Each list, with the member that has its items.
const LISTS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("prompts/list", "prompts"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
];

fn tool(name: &str) -> ToolRoute {
    ToolRoute::builder(name).description("a tool").handler(|| async { "" })
}

fn prompt(name: &str) -> PromptRoute {
    PromptRoute::builder(name).handler(|| async { "" })
}

fn resource(uri: &str) -> ResourceRoute {
    ResourceRoute::builder(uri, "r").handler(|| async { "" })
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn empty() -> ServerBuilder {
    Server::builder("digests", "1.0.0").draft_revision().tools([]).prompts([]).resources([])
}

/// A server with five items in each list, in this order.
fn server<'a>(names: impl IntoIterator<Item = &'a str>) -> ServerBuilder {
    names.into_iter().fold(empty(), |server, name| {
        server
            .tool(tool(name))
            .prompt(prompt(name))
            .resource(resource(&format!("r://{name}")))
            .resource(resource(&format!("t{name}://{{x}}")))
    })
}

fn service(server: ServerBuilder) -> HttpService {
    server.into_service().unwrap()
}

async fn result(service: &HttpService, method: &str, mut params: Value) -> Value {
    add_modern_meta(&mut params, &json!({}));
    let answer = Call::of(&request(1, method, params)).send(service).await.json();
    result_of(&answer).clone()
}

/// Returns the digest of each page of a list, and the number of its items.
async fn pages(service: &HttpService, method: &str, items: &str) -> (Vec<String>, usize) {
    let (mut digests, mut count, mut params) = (Vec::new(), 0, json!({}));
    loop {
        let page = result(service, method, params).await;
        digests.push(page["digest"].as_str().unwrap().to_owned());
        count += page[items].as_array().unwrap().len();
        match page["nextCursor"].as_str() {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return (digests, count),
        }
        assert!(digests.len() < 10, "the list does not end");
    }
}

async fn digest(service: &HttpService, method: &str) -> String {
    result(service, method, json!({})).await["digest"].as_str().unwrap().to_owned()
}

/// Returns the digests of all lists, and of `server/discover`.
async fn digests(service: &HttpService) -> Vec<String> {
    let mut digests = vec![digest(service, "server/discover").await];
    for (method, _) in LISTS {
        digests.push(digest(service, method).await);
    }
    digests
}

#[tokio::test]
async fn all_pages_of_a_list_have_the_digest_of_the_whole_list() {
    let paged = service(server(NAMES).page_size(2));
    let whole = service(server(NAMES));
    for (method, items) in LISTS {
        let (digests, count) = pages(&paged, method, items).await;
        assert_eq!((digests.len(), count), (3, 5), "{method}");
        let expected = digest(&whole, method).await;
        assert!(digests.iter().all(|digest| *digest == expected), "{method}: {digests:?}");
        let hex = expected.strip_prefix("sha256:").unwrap();
        assert!(hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hex}");
    }
}

#[tokio::test]
async fn instances_agree_whatever_the_order_the_pages_and_the_time_to_live() {
    let one = service(server(NAMES));
    let other = server(NAMES.into_iter().rev());
    let other = other.page_size(3).cache(Duration::from_secs(5), CacheScope::Public);
    assert_eq!(digests(&one).await, digests(&service(other)).await);
}

#[tokio::test]
async fn a_change_of_a_list_changes_its_digest_alone() {
    let built = server(NAMES).build().unwrap();
    let handle = built.handle();
    let service = built.into_service();
    let before = digests(&service).await;
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 5);
    let differs = async || -> Vec<bool> {
        let now = digests(&service).await;
        now.iter().zip(&before).map(|(now, before)| now != before).collect()
    };
    handle.set_tool(tool("f")).unwrap();
    assert_eq!(differs().await, [false, true, false, false, false]);
    assert!(handle.remove_tool("f"));
    assert_eq!(differs().await, [false; 5]);
    // The order of registration changes, the list does not.
    assert!(handle.remove_tool("a"));
    handle.set_tool(tool("a")).unwrap();
    assert_eq!(differs().await, [false; 5]);
    let changed = ToolRoute::builder("a").description("another").handler(|| async { "" });
    handle.set_tool(changed).unwrap();
    handle.set_prompt(prompt("f")).unwrap();
    handle.set_resource(resource("r://f")).unwrap();
    assert_eq!(differs().await, [false, true, true, true, false]);
    handle.set_resource(resource("tf://{x}")).unwrap();
    assert_eq!(differs().await, [false, true, true, true, true]);
}

#[tokio::test]
async fn an_empty_list_has_a_digest() {
    let service = service(empty());
    let lists: BTreeSet<String> = digests(&service).await.into_iter().collect();
    assert_eq!(lists.len(), 5, "{lists:?}");
}

#[tokio::test]
async fn discovery_has_a_digest_of_what_it_describes() {
    let with = async |server: ServerBuilder| digest(&service(server), "server/discover").await;
    let absent = with(empty()).await;
    assert_eq!(absent, with(empty()).await);
    assert_ne!(absent, with(empty().instructions("")).await);
    assert_ne!(absent, with(Server::builder("digests", "1.0.0").draft_revision()).await);
    // The name of the server is in `_meta`.
    let renamed = Server::builder("other", "2.0.0").draft_revision();
    assert_eq!(absent, with(renamed.tools([]).prompts([]).resources([])).await);
}

/// A capability that appears while the server runs.
#[tokio::test]
async fn the_digest_of_discovery_follows_the_capabilities() {
    let built = Server::builder("digests", "1.0.0").draft_revision().tools([]).build().unwrap();
    let handle = built.handle();
    let service = built.into_service();
    let before = digest(&service, "server/discover").await;
    handle.set_tool(tool("a")).unwrap();
    assert_eq!(before, digest(&service, "server/discover").await);
    handle.set_prompt(prompt("a")).unwrap();
    assert_ne!(before, digest(&service, "server/discover").await);
}

// ---- the digests that a client knows ----

const STALE: &str = "io.modelcontextprotocol/staleDigests";
const KNOWN: &str = "io.modelcontextprotocol/knownDigests";

/// Calls a method with these known digests. Returns what its result says is stale.
async fn stale(service: &HttpService, method: &str, mut params: Value, known: &Value) -> Value {
    params["_meta"][KNOWN] = known.clone();
    result(service, method, params).await["_meta"][STALE].clone()
}

/// The calls that notice stale digests.
fn calls() -> [(&'static str, Value); 3] {
    [
        ("tools/call", json!({ "name": "echo", "arguments": { "text": "a" } })),
        ("prompts/get", json!({ "name": "greet", "arguments": { "name": "A" } })),
        ("resources/read", json!({ "uri": "config://app" })),
    ]
}

#[tokio::test]
async fn a_result_names_the_known_digests_that_are_stale() {
    let built = fixture::server().draft_revision().build().unwrap();
    let handle = built.handle();
    let service = built.into_service();
    let mut known = json!({ "server/discover": digest(&service, "server/discover").await });
    for (method, _) in LISTS {
        known[method] = digest(&service, method).await.into();
    }
    for (method, params) in calls() {
        assert_eq!(stale(&service, method, params, &known).await, Value::Null, "{method}");
    }
    handle.set_tool(tool("new")).unwrap();
    handle.set_resource(resource("r://new")).unwrap();
    for (method, params) in calls() {
        let stale = stale(&service, method, params, &known).await;
        assert_eq!(stale, json!(["tools/list", "resources/list"]), "{method}");
    }
    // The client fetches them again.
    known["tools/list"] = digest(&service, "tools/list").await.into();
    known["resources/list"] = digest(&service, "resources/list").await.into();
    for (method, params) in calls() {
        assert_eq!(stale(&service, method, params, &known).await, Value::Null, "{method}");
    }
}

#[tokio::test]
async fn hints_that_are_malformed_or_unknown_are_ignored() {
    let service = fixture::server().draft_revision().into_service().unwrap();
    for known in [
        json!(null),
        json!(7),
        json!([]),
        json!("tools/list"),
        json!({ "tools/list": 7 }),
        json!({ "tools/list": null }),
        json!({ "tools/list": { "digest": "x" } }),
        json!({ "skills/list": "x", "tools/call": "x", "resources/read": "x" }),
    ] {
        for (method, params) in calls() {
            let stale = stale(&service, method, params, &known).await;
            assert_eq!(stale, Value::Null, "{method} {known}");
        }
    }
    let known = json!({ "tools/list": "", "prompts/list": 7, "skills/list": "x" });
    let (method, params) = calls()[0].clone();
    assert_eq!(stale(&service, method, params, &known).await, json!(["tools/list"]));
}

/// The digest of a list is in its result, so nothing has to be said about known ones.
#[tokio::test]
async fn lists_and_failed_calls_do_not_name_stale_digests() {
    let service = fixture::server().draft_revision().into_service().unwrap();
    let known = json!({ "tools/list": "old" });
    assert_eq!(stale(&service, "tools/list", json!({}), &known).await, Value::Null);
    let mut params = json!({ "name": "none", "_meta": { KNOWN: known } });
    add_modern_meta(&mut params, &json!({}));
    let answer = Call::of(&request(1, "tools/call", params)).send(&service).await;
    assert_eq!(answer.code(), -32602);
    assert!(!answer.text.contains("stale"), "{answer:?}");
}

/// A round of questions is a result too.
#[tokio::test]
async fn a_result_that_asks_names_stale_digests() {
    let service = fixture::server().draft_revision().into_service().unwrap();
    let mut params = json!({ "name": "ask", "_meta": { KNOWN: { "tools/list": "old" } } });
    add_modern_meta(&mut params, &json!({ "elicitation": {} }));
    let answer = Call::of(&request(1, "tools/call", params)).send(&service).await.json();
    let result = result_of(&answer);
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["_meta"][STALE], json!(["tools/list"]));
    assert!(result["_meta"]["io.modelcontextprotocol/serverInfo"].is_object());
}
