//! Prompts, whose arguments are strings.

use std::fmt;

use mcp_server::completion::CompletionCall;
use mcp_server::extract::State;
use mcp_server::types::{GetPromptResult, Icon, PromptMessage};
use mcp_server::{Context, ErrorObject, Server, prompt, routes};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tone {
    Dry,
    Warm,
}

/// Greet a person.
#[prompt(title = "Greet", icons = [Icon::new("https://example.com/wave.png")])]
fn greet(
    context: &Context,
    /** The name. */
    name: String,
    #[arg(complete = ["dry", "Warm", "witty"])] tone: Option<Tone>,
    #[arg(default = 3, complete = counts)] times: u8,
    #[arg(default = "!")] mark: String,
    #[arg(name = "is-loud")] loud: Option<bool>,
    suffix: State<String>,
) -> String {
    let _ = context;
    format!("{name} {tone:?} {times}{mark} {loud:?} {}", *suffix)
}

async fn counts(
    call: &CompletionCall,
    _: Context,
    suffix: State<String>,
) -> Result<Vec<String>, ErrorObject> {
    match call.value() {
        "x" => Err(ErrorObject::invalid_params("a number")),
        "state" => Ok(vec![suffix.to_string()]),
        typed => Ok(vec![format!("{typed}0"), format!("{typed}1 of {:?}", call.argument("name"))]),
    }
}

#[prompt(name = "say it", description = "Several messages.")]
async fn several() -> Result<Vec<PromptMessage>, ErrorObject> {
    Ok(vec![PromptMessage::user("a"), PromptMessage::assistant("b")])
}

#[prompt]
fn whole() -> GetPromptResult {
    GetPromptResult::new([PromptMessage::user("w")]).description("Its own.")
}

#[prompt]
fn borrowed() -> &'static str {
    "b"
}

#[derive(Debug)]
struct Secret;

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}

#[prompt(blocking)]
fn fails(peer: bool) -> Result<String, Secret> {
    if peer { Ok(String::new()) } else { Err(Secret) }
}

#[prompt]
fn refuses() -> Result<String, ErrorObject> {
    Err(ErrorObject::new(-32001, "not now"))
}

async fn client() -> Client {
    let routes = routes![greet, several, whole, borrowed, fails, refuses];
    Client::new(Server::builder("test", "1").state("end".to_owned()).routes(routes)).await
}

#[tokio::test]
async fn a_prompt_is_listed_with_its_arguments() {
    let prompts = client().await.list("prompts").await;
    assert_eq!(
        prompts[0],
        json!({
            "name": "greet",
            "title": "Greet",
            "description": "Greet a person.",
            "arguments": [
                {"name": "name", "description": "The name.", "required": true},
                {"name": "tone", "required": false},
                {"name": "times", "required": false},
                {"name": "mark", "required": false},
                {"name": "is-loud", "required": false},
            ],
            "icons": [{"src": "https://example.com/wave.png"}],
        })
    );
    assert_eq!(prompts[1], json!({"name": "say it", "description": "Several messages."}));
}

#[tokio::test]
async fn arguments_are_decoded_from_strings() {
    let client = client().await;
    assert_eq!(client.prompt("greet", json!({"name": "7"})).await.unwrap(), "7 None 3! None end");
    let all = json!({"name": "Ann", "tone": "dry", "times": "2", "mark": "?", "is-loud": "true"});
    assert_eq!(client.prompt("greet", all).await.unwrap(), "Ann Some(Dry) 2? Some(true) end");
}

#[tokio::test]
async fn invalid_arguments_are_named() {
    let client = client().await;
    let error = client.prompt("greet", json!({})).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (-32602, "/arguments/name: the argument is required")
    );
    for (arguments, message) in [
        (
            json!({"name": "a", "times": "many"}),
            "/arguments/times: expected a non-negative integer of 8 bits",
        ),
        (json!({"name": "a", "tone": "loud"}), "/arguments/tone: unknown variant `loud`"),
        (json!({"name": "a", "is-loud": "yes"}), "/arguments/is-loud: expected true or false"),
    ] {
        let error = client.prompt("greet", arguments).await.unwrap_err();
        assert_eq!(error.code(), -32602);
        assert!(error.message().starts_with(message), "{}", error.message());
    }
}

#[tokio::test]
async fn arguments_are_completed() {
    let client = client().await;
    let greet = || json!({"type": "ref/prompt", "name": "greet"});
    assert_eq!(client.complete(greet(), "tone", "w").await, json!(["Warm", "witty"]));
    assert_eq!(client.complete(greet(), "tone", "").await, json!(["dry", "Warm", "witty"]));
    assert_eq!(client.complete(greet(), "tone", "é").await, json!([]));
    assert_eq!(client.complete(greet(), "times", "4").await, json!(["40", "41 of None"]));
    assert_eq!(client.complete(greet(), "name", "x").await, json!([]));
    let params = json!({
        "ref": greet(),
        "argument": {"name": "times", "value": ""},
        "context": {"arguments": {"name": "Ann"}},
    });
    let result = client.request("completion/complete", params).await.unwrap();
    assert_eq!(result["completion"]["values"][1], "1 of Some(\"Ann\")");
    let params = json!({"ref": greet(), "argument": {"name": "times", "value": "x"}});
    assert_eq!(
        client.request("completion/complete", params).await.unwrap_err().message(),
        "a number"
    );
}

#[tokio::test]
async fn a_prompt_can_return_every_supported_type() {
    let client = client().await;
    let get =
        async |name: &str| client.request("prompts/get", json!({"name": name})).await.unwrap();
    let message =
        |role: &str, text: &str| json!({"role": role, "content": {"type": "text", "text": text}});
    let several = get("say it").await;
    assert_eq!(several["messages"], json!([message("user", "a"), message("assistant", "b")]));
    assert_eq!(several["description"], "Several messages.");
    assert_eq!(get("whole").await["description"], "Its own.");
    assert_eq!(get("borrowed").await["messages"], json!([message("user", "b")]));
}

#[tokio::test]
async fn only_protocol_errors_are_sent_to_the_client() {
    let client = client().await;
    let error = client.prompt("fails", json!({"peer": "false"})).await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(!error.message().contains("secret"));
    assert_eq!(client.prompt("fails", json!({"peer": "true"})).await.unwrap(), "");
    let error = client.prompt("refuses", json!({})).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (-32001, "not now"));
}

#[test]
fn a_marked_function_stays_callable() {
    assert_eq!(borrowed(), "b");
    assert!(matches!(Tone::Warm, Tone::Warm));
}
