//! 100 methods answer over each transport in each revision as they answer jsonrpsee.

use jsonrpsee::core::server::Methods;
use mcp_server::bridge::jsonrpsee::RpcModuleBuilder;
use mcp_server::{Revision, serde_json};
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use super::fixture::{Kind, METHODS, is_described, kind, module, name, serving, tool, tools};
use crate::harness::{Client, built, everywhere};

/// Returns the arguments of the tool, and the parameters of the method.
fn arguments(number: usize) -> (Value, &'static str) {
    match number {
        _ if !is_described(number) => (json!({"params": [number, "x"]}), r#"[NUMBER,"x"]"#),
        _ if number.is_multiple_of(2) => {
            (json!({"a": number, "b": "x"}), r#"{"a":NUMBER,"b":"x"}"#)
        }
        _ => (json!({"b": "x", "a": number}), r#"[NUMBER,"x"]"#),
    }
}

/// Returns the result of a method as jsonrpsee has it, and the last value of a subscription.
async fn expected(methods: &Methods, number: usize) -> Value {
    let params = arguments(number).1.replace("NUMBER", &number.to_string());
    let name = name(number);
    let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{name}","params":{params}}}"#);
    let (response, mut values) = methods.raw_json_request(&request, 8).await.unwrap();
    let response: Value = serde_json::from_str(response.get()).unwrap();
    if kind(number) != Kind::Subscription {
        return response["result"].clone();
    }
    let (mut last, mut items) = (Value::Null, 0);
    while let Some(value) = values.recv().await {
        let value: Value = serde_json::from_str(value.get()).unwrap();
        last = value["params"]["result"].clone();
        items += 1;
    }
    json!({"last": last, "items": items, "ended": "completed"})
}

/// Returns what a result has as structured content in a revision.
fn structured(value: &Value, revision: Revision) -> Option<Value> {
    match revision {
        Revision::V2024_11_05 | Revision::V2025_03_26 => None,
        Revision::V2025_06_18 | Revision::V2025_11_25 if !value.is_object() => {
            Some(json!({ "result": value }))
        }
        _ => Some(value.clone()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_methods_answer_as_they_do_without_the_bridge() {
    let methods = Methods::from(module());
    let mut results = Vec::new();
    for number in 0..METHODS {
        results.push(expected(&methods, number).await);
    }
    everywhere(
        || serving(tools(module())),
        async |client: Client| {
            let listed = client.ok("tools/list", json!({})).await;
            let mut names: Vec<_> = (0..METHODS).map(tool).collect();
            names.sort_unstable();
            let listed = listed["tools"].as_array().unwrap().iter();
            let mut listed: Vec<_> = listed.map(|tool| tool["name"].as_str().unwrap()).collect();
            listed.sort_unstable();
            assert_eq!(listed, names);
            for (number, expected) in results.iter().enumerate() {
                let answer = client.tool(&tool(number), arguments(number).0).await;
                let text: Value = serde_json::from_str(text_of(&answer)).unwrap();
                assert_eq!(&text, expected, "{number}");
                assert!(answer.get("isError").is_none_or(|is_error| is_error == false));
                let content = structured(expected, client.revision);
                let content = content.filter(|_| is_described(number));
                assert_eq!(answer.get("structuredContent"), content.as_ref(), "{number}");
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_module_that_became_a_server_and_a_module_again_answers_as_before() {
    let methods = Methods::from(module());
    for revisions in [vec![Revision::V2026_07_28], Revision::ALL.to_vec()] {
        let server = built(serving(tools(module())).revisions(revisions));
        let back = RpcModuleBuilder::new(server).build().unwrap();
        assert_eq!(back.method_names().count(), METHODS + 2);
        for number in 0..METHODS {
            let (arguments, _) = arguments(number);
            let Value::Object(arguments) = arguments else { unreachable!("arguments") };
            let name = format!("tool.{}", tool(number));
            let value: Value = back.call(&name, arguments).await.unwrap();
            // Without a schema, a result is a text of JSON.
            let value = match is_described(number) {
                true => value,
                false => serde_json::from_str(value.as_str().unwrap()).unwrap(),
            };
            assert_eq!(value, expected(&methods, number).await, "{number}");
        }
    }
}

#[test]
fn methods_of_each_kind_are_described_and_open() {
    for kind in [Kind::Sync, Kind::Async, Kind::Blocking, Kind::Subscription] {
        let of_kind = |number: &usize| super::fixture::kind(*number) == kind;
        assert!((0..METHODS).filter(of_kind).any(is_described));
        assert!((0..METHODS).filter(of_kind).any(|number| !is_described(number)));
    }
}
