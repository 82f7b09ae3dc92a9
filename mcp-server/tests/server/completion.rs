//! `completion/complete`. Spec: server/utilities/completion.

use mcp_server::completion::{CompletionCall, CompletionFuture};
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::types::{Completion, PromptArgument};
use mcp_server::{Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{everywhere, server};

fn tones(call: CompletionCall) -> CompletionFuture {
    Box::pin(async move {
        let all = ["warm", "dry", "wry"];
        let topic = call.argument("topic").unwrap_or("none").to_owned();
        let found =
            all.iter().filter(|tone| tone.starts_with(call.value())).map(|tone| (*tone).to_owned());
        Ok(Completion::of(found.chain([topic])))
    })
}

/// 250 values, all of them given, by one who did not count.
fn many(_: CompletionCall) -> CompletionFuture {
    Box::pin(async {
        Ok(Completion::new().values((0..250).map(|n| n.to_string()).collect::<Vec<_>>()))
    })
}

fn server_with_completers() -> ServerBuilder {
    server()
        .prompt(
            PromptRoute::builder("write")
                .argument(PromptArgument::new("tone"))
                .argument(PromptArgument::new("topic"))
                .argument(PromptArgument::new("count"))
                .complete("tone", tones)
                .complete("count", many)
                .handler(|| async { "" }),
        )
        .resource(
            ResourceRoute::builder("note://{id}/{part}", "n")
                .complete("id", |call| {
                    Box::pin(async move { Ok(Completion::of([format!("{}1", call.value())])) })
                })
                .handler(|| async { "" }),
        )
        .resource(ResourceRoute::builder("fix://ed", "fixed").handler(|| async { "" }))
}

fn of_prompt(argument: &str, value: &str) -> Value {
    json!({"ref": {"type": "ref/prompt", "name": "write"}, "argument": {"name": argument, "value": value}})
}

fn of_template(uri: &str, argument: &str) -> Value {
    json!({"ref": {"type": "ref/resource", "uri": uri}, "argument": {"name": argument, "value": "7"}})
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_prompt_is_completed() {
    everywhere(server_with_completers, async |client| {
        let result = client.ok("completion/complete", of_prompt("tone", "w")).await;
        assert_eq!(result["completion"], json!({"values": ["warm", "wry", "none"]}));
        assert_eq!(result.get("resultType").is_some(), client.revision == Revision::V2026_07_28);
        let mut known = of_prompt("tone", "d");
        known["context"] = json!({"arguments": {"topic": "tea"}});
        assert_eq!(
            client.ok("completion/complete", known).await["completion"]["values"],
            json!(["dry", "tea"])
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_without_suggestions_has_none() {
    everywhere(server_with_completers, async |client| {
        let result = client.ok("completion/complete", of_prompt("topic", "")).await;
        assert_eq!(result["completion"], json!({"values": []}));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_variable_of_a_template_is_completed_by_template_and_by_uri() {
    everywhere(server_with_completers, async |client| {
        for uri in ["note://{id}/{part}", "note://1/2"] {
            let result = client.ok("completion/complete", of_template(uri, "id")).await;
            assert_eq!(result["completion"]["values"], json!(["71"]), "{uri}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn at_most_a_hundred_values_are_sent_and_the_rest_is_counted() {
    everywhere(server_with_completers, async |client| {
        let completion =
            client.ok("completion/complete", of_prompt("count", "")).await["completion"].clone();
        assert_eq!(completion["values"].as_array().unwrap().len(), 100);
        assert_eq!(completion["values"][99], "99");
        assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(250), &json!(true)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn bad_references_and_arguments_are_refused() {
    everywhere(server_with_completers, async |client| {
        let argument = json!({"name": "tone", "value": ""});
        for (params, names) in [
            (of_prompt("no", ""), "tone, topic, count"),
            (json!({"ref": {"type": "ref/prompt", "name": "no"}, "argument": argument}), "/ref/name"),
            (of_template("note://{other}", "id"), "/ref/uri"),
            (of_template("fix://ed", "id"), "/argument/name"),
            (of_template("note://{id}/{part}", "no"), "id, part"),
            (json!({"ref": {"type": "ref/tool", "name": "t"}, "argument": argument}), ""),
            (json!({"ref": {"name": "write"}, "argument": argument}), ""),
            (json!({"ref": {"type": "ref/prompt", "name": "write"}}), "argument"),
            (json!({"ref": {"type": "ref/prompt", "name": "write"}, "argument": {"name": "tone"}}), "value"),
        ] {
            let error = client.err("completion/complete", params.clone()).await;
            assert_eq!(error.code, -32602, "{params}");
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
    })
    .await;
}
