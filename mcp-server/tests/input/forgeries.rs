//! Forged `requestState`s: tens of thousands are refused.

use std::sync::Arc;
use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::types::{ElicitParams, ElicitSchema, StringSchema};
use mcp_server::{Context, Limits, Revision, Server, ServerBuilder, resource, routes, tool};
use serde_json::{Value, json};

use crate::client::{Client, Link, accept, all_capabilities};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn ask(ctx: &Context) -> Result<String, AskError> {
    let form = ElicitSchema::new().required_field("name", StringSchema::new());
    let answer = ctx.elicit_with(ElicitParams::form("Who?", form)).key("who").await?;
    Ok(format!("accepted {:?}", answer.content))
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
    Client::open_with(server, Link::Memory, Revision::V2026_07_28, all_capabilities(), answers)
        .await
}

fn params(to: &str) -> Value {
    json!({ "name": "pay", "arguments": { "to": to, "amount": 3.5 } })
}

/// Returns the state of the first round.
async fn state(client: &Client, method: &'static str, params: Value) -> String {
    let round = client.once(method, params).await.unwrap();
    assert_eq!(round["resultType"], "input_required", "{round}");
    round["requestState"].as_str().unwrap().to_owned()
}

/// Redeems a state. Returns the refusal if it was not accepted.
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
                "the state was accepted, but its answer was not: {result}"
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
async fn every_forged_state_is_refused() {
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
        // Each bit of each character, including the unused bits of the last one.
        for at in 0..one.len() {
            forgeries.extend((0..6).map(|bit| flip(&one, at, bit)));
        }
        // Truncated at either end, and extended.
        forgeries.extend((0..one.len()).map(|end| one[..end].to_owned()));
        forgeries.extend((1..one.len()).map(|begin| one[begin..].to_owned()));
        forgeries.extend(
            ["=", "A", "==", " ", "-TAMPERED", "\u{0}", "é"].map(|more| format!("{one}{more}")),
        );
        // The start of one with the end of another, and two characters swapped.
        for at in 1..one.len() {
            let (mixed, reversed) = (
                format!("{}{}", &one[..at], &other[at..]),
                format!("{}{}", &other[..at], &one[at..]),
            );
            forgeries.extend([mixed, reversed]);
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
async fn a_state_opens_only_for_its_own_call() {
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
            let redeemed = redeem(&ann, method, params.clone(), &state).await;
            assert_eq!(redeemed.is_ok(), from == to, "{from} {to}");
        }
        for other in [
            client(&server).await.principal("bob"),
            client(&server).await,
            client(&server).await.principal(""),
        ] {
            assert!(redeem(&other, method, params.clone(), &state).await.is_err());
        }
    }
    // A state of a call without a principal does not open for a principal.
    let state = state(&client(&server).await, "tools/call", params("a")).await;
    assert!(redeem(&ann, "tools/call", params("a"), &state).await.is_err());
    // Another JSON encoding of the same arguments is the same call.
    let reencoded = json!({ "arguments": { "amount": 3.50, "to": "a" }, "name": "pay", "_meta": { "progressToken": 7 } });
    redeem(&client(&server).await, "tools/call", reencoded, &state).await.unwrap();
}

#[tokio::test]
async fn another_instance_needs_the_same_name_and_secret() {
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
    assert!(refusal.contains("unknown key"), "{refusal}");
}

#[tokio::test]
async fn a_state_survives_four_key_rotations() {
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
        "only four old keys are kept"
    );
    redeem(&client, "tools/call", params("a"), &after).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_state_expires() {
    let client = client(&server().build().unwrap()).await;
    let state = state(&client, "tools/call", params("a")).await;
    tokio::time::advance(Duration::from_secs(598)).await;
    redeem(&client, "tools/call", params("a"), &state).await.unwrap();
    tokio::time::advance(Duration::from_secs(3)).await;
    let refusal = redeem(&client, "tools/call", params("a"), &state).await.unwrap_err();
    assert!(refusal.contains("it has expired"), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn a_single_use_state_is_accepted_once() {
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
        assert!(refusal.contains("already been used"), "{refusal}");
    }
    // A state that cannot be remembered is not accepted.
    let mut fourth = params("a");
    fourth["requestState"] = states[3].clone().into();
    assert_eq!(client.once("tools/call", fourth).await.unwrap_err().code(), -32603);
    tokio::time::advance(Duration::from_secs(602)).await;
    let fresh = state(&client, "tools/call", params("a")).await;
    redeem(&client, "tools/call", params("a"), &fresh).await.unwrap();
}

/// After an invalid answer, a client can answer again; other principals are not affected by the
/// number of its answers.
#[tokio::test(start_paused = true)]
async fn single_use_counts_valid_answers_for_each_principal() {
    let mut limits = Limits::new();
    limits.max_redeemed_states_per_principal = 2;
    let server = server().limits(limits).state_single_use(true).build().unwrap();
    let ann = client(&server).await.principal("ann");
    let first = state(&ann, "tools/call", params("a")).await;
    let mut malformed = params("a");
    malformed["requestState"] = first.clone().into();
    malformed["inputResponses"] = json!({ "who": { "action": "invalid" } });
    assert_eq!(ann.once("tools/call", malformed).await.unwrap_err().code(), -32602);
    redeem(&ann, "tools/call", params("a"), &first).await.unwrap();
    let refusal = redeem(&ann, "tools/call", params("a"), &first).await.unwrap_err();
    assert!(refusal.contains("already been used"), "{refusal}");
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

/// Instances that share a store accept a state once together, within the same limits.
#[cfg(feature = "http")]
#[tokio::test(start_paused = true)]
async fn a_single_use_state_is_accepted_once_by_all_instances() {
    use mcp_server::store::{MemoryNonceStore, Stores};

    let mut limits = Limits::new();
    (limits.max_redeemed_states, limits.max_redeemed_states_per_principal) = (3, 2);
    let store = MemoryNonceStore::new();
    let instance = || {
        let server = server().limits(limits.clone()).state_single_use(true);
        server.stores(Stores::new().nonces(store.clone())).build().unwrap()
    };
    let (a, b) = (client(&instance()).await, client(&instance()).await);
    let first = state(&a, "tools/call", params("a")).await;
    redeem(&b, "tools/call", params("a"), &first).await.unwrap();
    for client in [&a, &b] {
        let refusal = redeem(client, "tools/call", params("a"), &first).await.unwrap_err();
        assert!(refusal.contains("already been used"), "{refusal}");
    }
    let (ann_a, ann_b) = (a.principal("ann"), b.principal("ann"));
    for client in [&ann_a, &ann_b] {
        let state = state(client, "tools/call", params("a")).await;
        redeem(client, "tools/call", params("a"), &state).await.unwrap();
    }
    let over = state(&ann_a, "tools/call", params("a")).await;
    let mut over_params = params("a");
    over_params["requestState"] = over.into();
    let error = ann_a.once("tools/call", over_params).await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(error.message().contains("max_redeemed_states"), "{error}");
    tokio::time::advance(Duration::from_secs(602)).await;
    let fresh = state(&ann_b, "tools/call", params("a")).await;
    redeem(&ann_a, "tools/call", params("a"), &fresh).await.unwrap();
}

#[tokio::test]
async fn a_state_reveals_nothing() {
    let client = client(&server().build().unwrap()).await;
    let state = state(&client, "tools/call", params("secret account")).await;
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(state).unwrap();
    for plain in [&b"who"[..], b"secret", b"input.rs", b"forgeries"] {
        assert!(!bytes.windows(plain.len()).any(|window| window == plain));
    }
}
