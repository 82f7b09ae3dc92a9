//! What a client may send as `requestState`: of tens of thousands of forgeries none is taken.

use std::sync::Arc;
use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::types::{ElicitParams, ElicitSchema, StringSchema};
use mcp_server::{Context, Limits, Revision, Server, ServerBuilder, resource, routes, tool};
use serde_json::{Value, json};

use crate::client::{Client, Link, accept, everything};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn ask(ctx: &Context) -> Result<String, AskError> {
    let form = ElicitSchema::new().required_field("name", StringSchema::new());
    let answer = ctx.elicit_with(ElicitParams::form("Who?", form)).key("who").await?;
    Ok(format!("taken {:?}", answer.content))
}

/// Asks.
#[tool]
async fn pay(ctx: &Context, to: Option<String>, amount: Option<f64>) -> Result<String, AskError> {
    drop((to, amount));
    ask(ctx).await
}

/// Asks the same.
#[tool]
async fn refund(
    ctx: &Context,
    to: Option<String>,
    amount: Option<f64>,
) -> Result<String, AskError> {
    drop((to, amount));
    ask(ctx).await
}

/// Asks the same.
#[resource("pay://it")]
async fn it(ctx: &Context) -> Result<String, AskError> {
    ask(ctx).await
}

fn server() -> ServerBuilder {
    Server::builder("bank", "1")
        .state_keys(KeyRing::new(SECRET).unwrap())
        .routes(routes![pay, refund, it])
}

async fn client(server: &Server) -> Client {
    let answers = Arc::new(|_: &str, _: &Value| json!({}));
    Client::open_with(server, Link::Memory, Revision::V2026_07_28, everything(), answers).await
}

fn params(to: &str) -> Value {
    json!({ "name": "pay", "arguments": { "to": to, "amount": 3.5 } })
}

/// The state of the first round.
async fn state(client: &Client, method: &'static str, params: Value) -> String {
    let round = client.once(method, params).await.unwrap();
    assert_eq!(round["resultType"], "input_required", "{round}");
    round["requestState"].as_str().unwrap().to_owned()
}

/// Redeems a state; whether it was taken.
async fn redeem(
    client: &Client,
    method: &'static str,
    mut params: Value,
    state: &str,
) -> Result<(), String> {
    params["requestState"] = state.into();
    params["inputResponses"] = json!({ "who": accept(json!({ "name": "Ann" })) });
    match client.once(method, params).await {
        Ok(result) => {
            assert_eq!(
                result["resultType"], "complete",
                "a state was taken and its answer was not: {result}"
            );
            Ok(())
        }
        Err(error) => {
            assert_eq!(error.code(), -32602, "{error}");
            assert!(error.message().starts_with("/requestState: "), "{error}");
            Err(error.message().to_owned())
        }
    }
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn flip(token: &str, at: usize, bit: u8) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let value = ALPHABET.iter().position(|other| *other == bytes[at]).unwrap();
    bytes[at] = ALPHABET[value ^ (1 << bit)];
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn of_all_forgeries_none_is_taken() {
    let client = client(&server().build().unwrap()).await;
    let mut forged = 0_u32;
    for number in 0..25 {
        let params = params(&format!("account {number}"));
        let (one, other) = (
            state(&client, "tools/call", params.clone()).await,
            state(&client, "tools/call", params.clone()).await,
        );
        assert_ne!(one, other, "the nonce differs");
        let mut forgeries: Vec<String> = Vec::new();
        // Each bit of each character; the unused bits of the last one too.
        for at in 0..one.len() {
            forgeries.extend((0..6).map(|bit| flip(&one, at, bit)));
        }
        // Cut off, at either end; and grown.
        forgeries.extend((0..one.len()).map(|end| one[..end].to_owned()));
        forgeries.extend((1..one.len()).map(|begin| one[begin..].to_owned()));
        forgeries.extend(
            ["=", "A", "==", " ", "-TAMPERED", "\u{0}", "é"].map(|more| format!("{one}{more}")),
        );
        // The head of one with the tail of another, and two characters swapped.
        for at in 1..one.len() {
            let (mixed, again) = (
                format!("{}{}", &one[..at], &other[at..]),
                format!("{}{}", &other[..at], &one[at..]),
            );
            forgeries.extend([mixed, again]);
            let mut swapped = one.as_bytes().to_vec();
            swapped.swap(at - 1, at);
            forgeries.push(String::from_utf8(swapped).unwrap());
        }
        for forgery in forgeries {
            if forgery == one || forgery == other {
                continue;
            }
            forged += 1;
            assert!(
                redeem(&client, "tools/call", params.clone(), &forgery).await.is_err(),
                "{forgery}"
            );
        }
        redeem(&client, "tools/call", params, &one).await.unwrap();
    }
    assert!(forged >= 50_000, "only {forged}");
}

#[tokio::test]
async fn a_state_is_good_for_its_own_call_only() {
    let server = server().build().unwrap();
    let ann = client(&server).await.principal("ann");
    let calls = [
        ("tools/call", json!({ "name": "pay", "arguments": { "to": "a", "amount": 3.5 } })),
        ("tools/call", json!({ "name": "pay", "arguments": { "to": "b", "amount": 3.5 } })),
        ("tools/call", json!({ "name": "pay", "arguments": { "to": "a", "amount": 3 } })),
        ("tools/call", json!({ "name": "pay", "arguments": { "to": "a" } })),
        ("tools/call", json!({ "name": "pay", "arguments": {} })),
        ("tools/call", json!({ "name": "refund", "arguments": { "to": "a", "amount": 3.5 } })),
        ("tools/call", json!({ "name": "refund" })),
        ("resources/read", json!({ "uri": "pay://it" })),
    ];
    for (from, (method, params)) in calls.iter().enumerate() {
        let state = state(&ann, method, params.clone()).await;
        for (to, (method, params)) in calls.iter().enumerate() {
            let taken = redeem(&ann, method, params.clone(), &state).await;
            assert_eq!(taken.is_ok(), from == to, "{from} {to}");
        }
        for other in [
            client(&server).await.principal("bob"),
            client(&server).await,
            client(&server).await.principal(""),
        ] {
            assert!(redeem(&other, method, params.clone(), &state).await.is_err());
        }
    }
    // Of nobody in particular it is not good for somebody.
    let state = state(&client(&server).await, "tools/call", params("a")).await;
    assert!(redeem(&ann, "tools/call", params("a"), &state).await.is_err());
    // Another spelling of the same arguments is the same call.
    let spelled = json!({ "arguments": { "amount": 3.50, "to": "a" }, "name": "pay", "_meta": { "progressToken": 7 } });
    redeem(&client(&server).await, "tools/call", spelled, &state).await.unwrap();
}

#[tokio::test]
async fn another_server_takes_it_with_the_same_name_and_key_alone() {
    let state = state(&client(&server().build().unwrap()).await, "tools/call", params("a")).await;
    let again = client(&server().build().unwrap()).await;
    redeem(&again, "tools/call", params("a"), &state).await.unwrap();
    let renamed = Server::builder("bank 2", "1")
        .state_keys(KeyRing::new(SECRET).unwrap())
        .routes(routes![pay]);
    assert!(
        redeem(&client(&renamed.build().unwrap()).await, "tools/call", params("a"), &state)
            .await
            .is_err()
    );
    let keyless = Server::builder("bank", "1").routes(routes![pay]).build().unwrap();
    let refusal =
        redeem(&client(&keyless).await, "tools/call", params("a"), &state).await.unwrap_err();
    assert!(refusal.contains("no such key"), "{refusal}");
}

#[tokio::test]
async fn rotation_in_the_middle_of_a_call() {
    let keys = KeyRing::new(SECRET).unwrap();
    let server =
        Server::builder("bank", "1").state_keys(keys.clone()).routes(routes![pay]).build().unwrap();
    let client = client(&server).await;
    let before = state(&client, "tools/call", params("a")).await;
    for number in 0..4 {
        keys.rotate(format!("{number} {SECRET}")).unwrap();
        redeem(&client, "tools/call", params("a"), &before).await.unwrap();
    }
    let after = state(&client, "tools/call", params("a")).await;
    keys.rotate(format!("last {SECRET}")).unwrap();
    assert!(
        redeem(&client, "tools/call", params("a"), &before).await.is_err(),
        "four old keys are kept"
    );
    redeem(&client, "tools/call", params("a"), &after).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_expires() {
    let client = client(&server().build().unwrap()).await;
    let state = state(&client, "tools/call", params("a")).await;
    tokio::time::advance(Duration::from_secs(598)).await;
    redeem(&client, "tools/call", params("a"), &state).await.unwrap();
    tokio::time::advance(Duration::from_secs(3)).await;
    let refusal = redeem(&client, "tools/call", params("a"), &state).await.unwrap_err();
    assert!(refusal.contains("it expired"), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn single_use() {
    let mut limits = Limits::new();
    limits.max_redeemed_states = 3;
    let client = client(&server().limits(limits).state_single_use(true).build().unwrap()).await;
    let mut states = Vec::new();
    for _ in 0..4 {
        states.push(state(&client, "tools/call", params("a")).await);
    }
    for state in states.iter().take(3) {
        redeem(&client, "tools/call", params("a"), state).await.unwrap();
        let refusal = redeem(&client, "tools/call", params("a"), state).await.unwrap_err();
        assert!(refusal.contains("used already"), "{refusal}");
    }
    // What cannot be remembered is not taken.
    let mut fourth = params("a");
    fourth["requestState"] = states[3].clone().into();
    assert_eq!(client.once("tools/call", fourth).await.unwrap_err().code(), -32603);
    tokio::time::advance(Duration::from_secs(602)).await;
    let fresh = state(&client, "tools/call", params("a")).await;
    redeem(&client, "tools/call", params("a"), &fresh).await.unwrap();
}

/// A client that answers badly can answer again, and others do not notice how often it answers.
#[tokio::test(start_paused = true)]
async fn single_use_counts_answers_that_fit_of_each_principal() {
    let mut limits = Limits::new();
    limits.max_redeemed_states_per_principal = 2;
    let server = server().limits(limits).state_single_use(true).build().unwrap();
    let ann = client(&server).await.principal("ann");
    let first = state(&ann, "tools/call", params("a")).await;
    let mut malformed = params("a");
    malformed["requestState"] = first.clone().into();
    malformed["inputResponses"] = json!({ "who": { "action": "perhaps" } });
    assert_eq!(ann.once("tools/call", malformed).await.unwrap_err().code(), -32602);
    redeem(&ann, "tools/call", params("a"), &first).await.unwrap();
    let refusal = redeem(&ann, "tools/call", params("a"), &first).await.unwrap_err();
    assert!(refusal.contains("used already"), "{refusal}");
    let second = state(&ann, "tools/call", params("a")).await;
    redeem(&ann, "tools/call", params("a"), &second).await.unwrap();
    let third = state(&ann, "tools/call", params("a")).await;
    let mut over = params("a");
    over["requestState"] = third.into();
    let error = ann.once("tools/call", over).await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(error.message().contains("max_redeemed_states_per_principal"), "{error}");
    let bob = client(&server).await.principal("bob");
    let other = state(&bob, "tools/call", params("a")).await;
    redeem(&bob, "tools/call", params("a"), &other).await.unwrap();
}

#[tokio::test]
async fn it_tells_nothing() {
    let client = client(&server().build().unwrap()).await;
    let state = state(&client, "tools/call", params("secret account")).await;
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(state).unwrap();
    for plain in [&b"who"[..], b"secret", b"input.rs", b"forgeries"] {
        assert!(!bytes.windows(plain.len()).any(|window| window == plain));
    }
}
