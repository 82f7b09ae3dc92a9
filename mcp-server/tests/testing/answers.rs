//! Assertions about the answers of tools.

use std::time::Duration;

use mcp_server::layer::PolicyLayer;
use mcp_server::policy::{Decision, PolicyEngine, PolicyRequest, Verdict};
use mcp_server::{Revision, Server, test};
use serde_json::{Value, json};

use crate::fixture::{Weather, panic_of, panic_while, server};

#[tokio::test]
async fn texts_structures_and_errors_are_asserted_in_every_revision() {
    let server = server().build().unwrap();
    for revision in Revision::ALL {
        let client = test::client(&server).revision(revision).await;
        assert_eq!(client.revision(), revision);
        client.call("add", json!({"a": 1, "b": 2})).await.assert_text("3");
        client.call("poem", json!({})).await.assert_text("one\ntwo\nthree");
        let weather = client.call("weather", json!({"city": "Bergen"})).await;
        if revision >= Revision::V2025_06_18 {
            weather.assert_structured(json!({"raining": true, "celsius": 21.5}));
            let expected = Weather { celsius: 21.5, raining: true };
            assert_eq!(weather.structured::<Weather>(), expected);
        }
        client
            .call("weather", json!({"days": "x", "town": 1}))
            .await
            .assert_error_at("/city")
            .assert_error_at("/days")
            .assert_error_at("/town");
        let late = client.call("weather", json!({"city": "Oslo", "days": 15})).await;
        late.assert_error("at most 14");
        let failed = client.call("fail", json!({})).await;
        failed.assert_error("the office is closed").assert_error_at("/weekday");
        assert_eq!(failed.error().unwrap().code(), -32_602);
    }
}

#[tokio::test]
async fn the_newest_revision_of_the_server_is_the_default() {
    assert_eq!(test::client(server()).await.revision(), Revision::LATEST);
    let old = server().revisions([Revision::V2025_06_18, Revision::V2025_03_26]);
    assert_eq!(test::client(old).await.revision(), Revision::V2025_06_18);
}

#[tokio::test]
async fn prompts_resources_and_other_methods_are_called() {
    let client = test::client(server()).await;
    let prompt = client.prompt("hello", json!({})).await.unwrap();
    assert_eq!(prompt.messages.len(), 1);
    let note = client.read("note://7").await.unwrap();
    assert_eq!(note.contents.len(), 1);
    assert_eq!(client.read("other://7").await.unwrap_err().code(), -32_602);
    let error = client.request("com.example/unknown", json!({})).await.unwrap_err();
    assert_eq!(error.code(), -32_601);
}

#[tokio::test]
async fn an_assertion_that_fails_says_what_came() {
    let client = test::client(server()).await;
    let poem = client.call("poem", json!({})).await;
    assert_eq!(
        panic_of(|| poem.assert_text("one\n2\nthree").json().clone()),
        "the text of \"poem\" is not as expected (- expected, + actual):\n  one\n- 2\n+ two\n  three"
    );
    let sum = client.call("add", json!({"a": 1, "b": 2})).await;
    assert_eq!(panic_of(|| sum.assert_error("x").json().clone()), "\"add\" succeeded:\n3");
    let weather = client.call("weather", json!({"city": "Oslo"})).await;
    assert_eq!(
        panic_of(|| weather
            .assert_structured(json!({"celsius": 21.5, "raining": true}))
            .json()
            .clone()),
        "the structured content of \"weather\" is not as expected (- expected, + actual):\n  {\n    \
         \"celsius\": 21.5,\n-   \"raining\": true\n+   \"raining\": false\n  }"
    );
    let text = panic_of(|| weather.structured::<Vec<u8>>());
    let begin = "the structured content of \"weather\" is not of the expected type: invalid type";
    assert!(text.starts_with(begin), "{text}");
    let text = panic_of(|| poem.structured::<Value>());
    assert!(text.starts_with("the result of \"poem\" has no structured content"), "{text}");
    poem.assert_success().assert_text("one\ntwo\nthree");
    let wrong = client.call("weather", json!({"days": 1})).await;
    let text = panic_of(|| wrong.assert_success().json().clone());
    assert!(text.starts_with("\"weather\" failed:\n"), "{text}");
    let text = panic_of(|| wrong.text());
    assert!(text.starts_with("\"weather\" failed:\n"), "{text}");
    assert!(text.contains("- /city: the argument is required"), "{text}");
    let text = panic_of(|| wrong.assert_error_at("/cit").json().clone());
    assert!(text.starts_with("the error of \"weather\" is not at \"/cit\":\n"), "{text}");
    let text = panic_of(|| wrong.assert_error("rain").json().clone());
    assert!(text.starts_with("the error of \"weather\" does not contain \"rain\":\n"), "{text}");
    let failed = client.call("fail", json!({})).await;
    assert_eq!(
        panic_of(|| failed.text()),
        "\"fail\" was answered with the error -32602: /weekday: the office is closed"
    );
}

#[tokio::test]
async fn a_server_that_cannot_be_built_or_does_not_answer_fails_the_test() {
    let twice = Server::builder("a", "1").tools(
        ["a", "a"].map(|name| mcp_server::tool::ToolRoute::builder(name).handler(|| async { "" })),
    );
    let text = panic_while(async { test::client(twice).await }).await;
    let begin = "the server cannot be built: the tool \"a\" is registered twice: both times by the \
                 definition at ";
    assert!(text.starts_with(begin), "{text}");
    let modern = server().revisions([Revision::V2026_07_28]).build().unwrap();
    let text =
        panic_while(async move { test::client(modern).revision(Revision::V2025_11_25).await })
            .await;
    assert!(text.starts_with("the server "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_fails_the_test() {
    let silent = mcp_server::tool::ToolRoute::builder("silent").handler(|| async {
        std::future::pending::<()>().await;
    });
    let server = Server::builder("a", "1").tool(silent);
    let text = panic_while(async {
        let client = test::client(server).timeout(Duration::from_secs(2)).await;
        client.call("silent", json!({})).await
    });
    assert_eq!(text.await, "tools/call: no answer within 2s");
}

#[tokio::test]
async fn a_list_that_fails_is_not_an_empty_one() {
    struct Failing;

    impl PolicyEngine for Failing {
        fn decide(&self, request: &PolicyRequest<'_>) -> Decision {
            match request.method() {
                "prompts/list" => Decision::new(Verdict::Deny, "not today"),
                _ => Decision::new(Verdict::Allow, "anything else"),
            }
        }
    }

    let server = server().layer(PolicyLayer::new(Failing));
    let text = panic_while(async { test::client(server).await.lists().await }).await;
    assert!(text.starts_with("prompts/list: "), "{text}");
    assert!(text.contains("not today"), "{text}");
}
