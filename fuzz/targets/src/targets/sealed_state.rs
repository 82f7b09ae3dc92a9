//! The sealed `requestState`: a server accepts only states that it made itself.

use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId, code};
use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::service::{Accept as _, CallError, Peer, Request, Service as _};
use mcp_core::types::{ElicitParams, ElicitSchema, StringSchema};
use mcp_server::input::{AskError, KeyRing};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Server};
use mcp_test_support::message::add_modern_meta;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A server, and a state that it made.
struct Fixture {
    runtime: Runtime,
    server: Server,
    state: String,
}

/// The input is a state, or it says how to change a genuine one: with a first byte over 127, each
/// further pair is a position and a character that replaces the one there.
pub(crate) fn run(data: &[u8]) {
    thread_local! {
        static FIXTURE: Fixture = new_fixture();
    }
    FIXTURE.with(|Fixture { runtime, server, state }| {
        let sent = changed(state, data);
        let outcome = runtime.block_on(call(server, Some(&sent)));
        if sent == *state {
            let result = outcome.unwrap_or_else(|error| panic!("its own state: {error}"));
            assert_eq!(result["resultType"], "complete", "{result}");
        } else {
            let error = outcome.expect_err("a state that the server did not make");
            assert_eq!(error.code(), code::INVALID_PARAMS, "{error}");
        }
    });
}

fn changed(state: &str, data: &[u8]) -> String {
    let changes = match data {
        [first, changes @ ..] if *first > 127 => changes,
        state => return String::from_utf8_lossy(state).into_owned(),
    };
    let mut characters: Vec<char> = state.chars().collect();
    for [position, character] in changes.as_chunks::<2>().0 {
        let position = usize::from(*position) % characters.len();
        characters[position] = char::from(*character);
    }
    characters.into_iter().collect()
}

fn new_fixture() -> Fixture {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let keys = KeyRing::new("a secret of the fuzz targets, 32+").expect("a secret of 32 bytes");
    let mut limits = Limits::new();
    limits.request_state_ttl = Duration::from_secs(86_400); // Longer than a run.
    let server = Server::builder("sealed", "1").state_keys(keys).limits(limits);
    let tool = ToolRoute::builder("ask").handler(ask);
    let server = server.tool(tool).build().expect("a server");
    let round = runtime.block_on(call(&server, None)).expect("the first round");
    let state = round["requestState"].as_str().expect("a state").to_owned();
    Fixture { runtime, server, state }
}

async fn ask(context: Context) -> Result<String, AskError> {
    let form = ElicitSchema::new().required_field("name", StringSchema::new());
    let answer = context.elicit_with(ElicitParams::form("Who?", form)).key("who").await?;
    Ok(format!("{:?}", answer.content))
}

async fn call(server: &Server, state: Option<&str>) -> Result<Value, ErrorObject> {
    let mut params = json!({ "name": "ask" });
    add_modern_meta(&mut params, &json!({ "elicitation": {} }));
    if let Some(state) = state {
        params["requestState"] = state.into();
        params["inputResponses"] =
            json!({ "who": { "action": "accept", "content": { "name": "Ann" } } });
    }
    let params = JsonBytes::new(&params).expect("JSON");
    let request = Request::new(RequestId::Number(1), ToolsCall::NAME, params);
    match server.accept(Peer::none()).call(request).await {
        Ok(result) => Ok(result.parse().expect("a JSON object")),
        Err(CallError::Peer(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}
