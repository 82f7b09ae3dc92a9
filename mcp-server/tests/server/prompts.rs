//! `prompts/get`. Spec: server/prompts.

use std::collections::BTreeMap;

use mcp_server::extract::Args;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::prompt::{PromptCall, PromptRoute};
use mcp_server::types::{Content, PromptArgument, PromptMessage};
use mcp_server::{Context, Revision, ServerBuilder, ToolError};
use serde_json::json;

use crate::harness::{everywhere, server};

#[derive(serde::Deserialize)]
struct Greeting {
    name: String,
    times: Option<u8>,
}

fn prompts() -> ServerBuilder {
    server()
        .prompt(
            PromptRoute::builder("greet")
                .description("Greets.")
                .argument(PromptArgument::new("name").required(true))
                .argument(PromptArgument::new("times"))
                .handler(|Args(Greeting { name, times }): Args<Greeting>| async move {
                    format!("{name} x{}", times.unwrap_or(1))
                }),
        )
        .prompt(
            PromptRoute::builder("needs")
                .argument(PromptArgument::new("a").required(true))
                .argument(PromptArgument::new("b").required(true))
                .raw(|call: PromptCall| {
                    Box::pin(async move {
                        let text =
                            format!("{} {}", call.text("a").unwrap(), call.text("b").unwrap());
                        Ok(mcp_server::types::GetPromptResult::new([PromptMessage::user(
                            Content::text(text),
                        )])
                        .description("Mine."))
                    })
                }),
        )
        .prompt(PromptRoute::builder("talk").handler(|_: Context| async {
            [
                PromptMessage::user(Content::text("q")),
                PromptMessage::assistant(Content::audio([1], "audio/wav")),
            ]
        }))
        .prompt(
            PromptRoute::builder("fail")
                .handler(|| async { Err::<String, _>(ToolError::new("secret")) }),
        )
        .prompt(
            PromptRoute::builder("refuse")
                .handler(|| async { Err::<String, _>(ErrorObject::invalid_params("no")) }),
        )
}

#[tokio::test(start_paused = true)]
async fn a_prompt_is_filled_in() {
    everywhere(prompts, async |client| {
        let result =
            client.ok("prompts/get", json!({"name": "greet", "arguments": {"name": "Ann"}})).await;
        assert_eq!(result["description"], "Greets.");
        assert_eq!(
            result["messages"],
            json!([{"role": "user", "content": {"type": "text", "text": "Ann x1"}}])
        );
        assert_eq!(result.get("resultType").is_some(), !client.is_legacy());
        let both = json!({"name": "greet", "arguments": {"name": "Ann", "times": "3"}});
        assert_eq!(
            client.ok("prompts/get", both).await["messages"][0]["content"]["text"],
            "Ann x3"
        );
        let result = client
            .ok(
                "prompts/get",
                json!({"name": "needs", "arguments": {"a": "1", "b": "2", "c": "3"}}),
            )
            .await;
        assert_eq!(
            (&result["description"], &result["messages"][0]["content"]["text"]),
            (&json!("Mine."), &json!("1 2"))
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn messages_keep_their_roles_and_fit_the_revision() {
    everywhere(prompts, async |client| {
        let messages = client.ok("prompts/get", json!({"name": "talk"})).await["messages"].clone();
        let audio = match client.revision {
            Revision::V2024_11_05 => json!({"type": "text", "text": "[audio: audio/wav]"}),
            _ => json!({"type": "audio", "data": "AQ==", "mimeType": "audio/wav"}),
        };
        let expected = json!([
            {"role": "user", "content": {"type": "text", "text": "q"}},
            {"role": "assistant", "content": audio},
        ]);
        assert_eq!(messages, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn missing_arguments_are_named_all_at_once() {
    everywhere(prompts, async |client| {
        for (arguments, message) in [
            (
                json!(null),
                "/arguments/a: the argument is required; /arguments/b: the argument is required",
            ),
            (json!({"a": "1"}), "/arguments/b: the argument is required"),
        ] {
            let error =
                client.err("prompts/get", json!({"name": "needs", "arguments": arguments})).await;
            assert_eq!((error.code, &*error.message), (-32602, message));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn arguments_of_the_wrong_kind_are_refused() {
    everywhere(prompts, async |client| {
        for arguments in
            [json!({"name": 1}), json!([]), json!("x"), json!({"name": "a", "times": "many"})]
        {
            let error =
                client.err("prompts/get", json!({"name": "greet", "arguments": arguments})).await;
            assert_eq!(error.code, -32602, "{arguments}: {}", error.message);
        }
        let error = client
            .err(
                "prompts/get",
                json!({"name": "greet", "arguments": {"name": "a", "times": "many"}}),
            )
            .await;
        assert!(
            error.message.contains("expected a non-negative integer of 8 bits"),
            "{}",
            error.message
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_prompt_is_refused() {
    everywhere(prompts, async |client| {
        let error = client.err("prompts/get", json!({"name": "no\nsuch"})).await;
        assert_eq!((error.code, &*error.message), (-32602, "unknown prompt: no\\nsuch"));
        assert_eq!(client.err("prompts/get", json!({})).await.code, -32602);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_goes_to_the_log_and_a_refusal_to_the_client() {
    everywhere(prompts, async |client| {
        let error = client.err("prompts/get", json!({"name": "fail"})).await;
        error.expect_internal();
        let error = client.err("prompts/get", json!({"name": "refuse"})).await;
        assert_eq!((error.code, &*error.message), (-32602, "no"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_map_takes_all_arguments() {
    let route = || {
        let all = |Args(all): Args<BTreeMap<String, String>>| async move { format!("{all:?}") };
        PromptRoute::builder("all").handler(all)
    };
    everywhere(
        || server().prompt(route()),
        async |client| {
            let params = json!({"name": "all", "arguments": {"b": "2", "a": "1"}});
            let result = client.ok("prompts/get", params).await;
            assert_eq!(result["messages"][0]["content"]["text"], r#"{"a": "1", "b": "2"}"#);
        },
    )
    .await;
}
