//! `resources/read`. Spec: server/resources.

use mcp_server::ServerBuilder;
use mcp_server::extract::Args;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::resource::{ResourceCall, ResourceRoute};
use mcp_server::types::ResourceContents;
use serde_json::{Value, json};

use crate::harness::{Client, everywhere, server};

#[derive(serde::Deserialize)]
struct Page {
    book: String,
    page: u32,
}

fn library() -> ServerBuilder {
    server()
        .resource(
            ResourceRoute::builder("text://motto", "motto")
                .mime_type("text/plain")
                .handler(|| async { "Less." }),
        )
        .resource(
            ResourceRoute::builder("blob://pixel", "pixel")
                .mime_type("image/png")
                .handler(|| async { vec![0_u8, 255] }),
        )
        .resource(ResourceRoute::builder("dir://all", "all").handler(|| async {
            vec![
                ResourceContents::text("dir://all/a", "a"),
                ResourceContents::blob("dir://all/b", [1]),
            ]
        }))
        .resource(ResourceRoute::builder("book://{book}/{page}", "page").handler(
            |Args(Page { book, page }): Args<Page>| async move { format!("{book} p.{page}") },
        ))
        .resource(ResourceRoute::builder("file:///{+path}", "file").mime_type("text/x").raw(
            |call: ResourceCall| {
                Box::pin(async move {
                    use mcp_server::resource::IntoResourceResult as _;
                    format!("{}|{}", call.uri(), call.variable("path").unwrap())
                        .into_resource_result(call.uri(), call.mime_type())
                })
            },
        ))
        .resource(ResourceRoute::builder("gone://{id}", "gone").handler(|| async {
            Err::<String, _>(
                ErrorObject::new(-32002, "resource not found")
                    .with_data(&json!({"uri": "gone://1"})),
            )
        }))
        .resource(
            ResourceRoute::builder("book://index/0", "index").handler(|| async { "the index" }),
        )
        .resource(
            ResourceRoute::builder("bad://x", "bad")
                .handler(|| async { Err::<String, _>(mcp_server::ToolError::new("secret")) }),
        )
}

async fn read(client: &Client, uri: &str) -> Value {
    client.ok("resources/read", json!({"uri": uri})).await["contents"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_read_with_its_mime_type() {
    everywhere(library, async |client| {
        let motto = json!([{"uri": "text://motto", "mimeType": "text/plain", "text": "Less."}]);
        assert_eq!(read(&client, "text://motto").await, motto);
        let pixel = json!([{"uri": "blob://pixel", "mimeType": "image/png", "blob": "AP8="}]);
        assert_eq!(read(&client, "blob://pixel").await, pixel);
        let all =
            json!([{"uri": "dir://all/a", "text": "a"}, {"uri": "dir://all/b", "blob": "AQ=="}]);
        assert_eq!(read(&client, "dir://all").await, all);
        let result = client.ok("resources/read", json!({"uri": "text://motto"})).await;
        assert_eq!(result.get("ttlMs").is_some(), !client.is_legacy());
        assert_eq!(result.get("cacheScope").is_some(), !client.is_legacy());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn variables_are_percent_decoded_and_typed() {
    everywhere(library, async |client| {
        let page = json!([{"uri": "book://b%C3%BCch%20er/12", "text": "büch er p.12"}]);
        assert_eq!(read(&client, "book://b%C3%BCch%20er/12").await, page);
        let file = read(&client, "file:///a/b%2Fc.txt").await;
        assert_eq!(file, json!([{"uri": "file:///a/b%2Fc.txt", "mimeType": "text/x", "text": "file:///a/b%2Fc.txt|a/b/c.txt"}]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_uri_that_leaves_a_folder_is_an_unknown_resource() {
    let server = || {
        let echo = |call: ResourceCall| {
            let path = call.variable("path").unwrap_or_default().to_owned();
            async move {
                Ok(mcp_server::types::ReadResourceResult::new([ResourceContents::text(
                    call.uri(),
                    path,
                )]))
            }
        };
        let route = |uri: &str| ResourceRoute::builder(uri, "echo");
        server()
            .resource(route("docs:///{+path}").raw(move |call| Box::pin(echo(call))))
            .resource(route("one:///{path}").raw(move |call| Box::pin(echo(call))))
            .resource(
                route("any:///{+path}").unchecked_variables().raw(move |call| Box::pin(echo(call))),
            )
    };
    everywhere(server, async |client| {
        for path in ["..%2f..%2fetc%2fpasswd", "../x", "a/%2e%2e/b", "%2fetc/passwd", "a%00b"] {
            for scheme in ["docs", "one"] {
                let uri = format!("{scheme}:///{path}");
                let error = client.err("resources/read", json!({"uri": uri})).await;
                assert_eq!(error.code, if client.is_legacy() { -32002 } else { -32602 }, "{uri}");
                assert_eq!(error.message, format!("resource not found: {uri}"));
            }
            assert!(read(&client, &format!("any:///{path}")).await[0]["text"].is_string());
        }
        assert_eq!(read(&client, "docs:///a/b.txt").await[0]["text"], "a/b.txt");
        assert_eq!(read(&client, "one:///b.txt").await[0]["text"], "b.txt");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resource_takes_precedence_over_a_matching_template() {
    everywhere(library, async |client| {
        assert_eq!(read(&client, "book://index/0").await[0]["text"], "the index");
        assert_eq!(read(&client, "book://index/1").await[0]["text"], "index p.1");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_variable_of_the_wrong_type_is_refused() {
    everywhere(library, async |client| {
        let error = client.err("resources/read", json!({"uri": "book://b/first"})).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("expected a non-negative integer"), "{}", error.message);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_resource_has_the_code_of_the_revision() {
    everywhere(library, async |client| {
        // Unknown to the router, or unknown to the handler of a template.
        for uri in ["text://other", "book://b", "book://a/b/c", "gone://1", "not a uri", ""] {
            let error = client.err("resources/read", json!({"uri": uri})).await;
            assert_eq!(error.code, if client.is_legacy() { -32002 } else { -32602 }, "{uri}");
            let said = if uri == "gone://1" { String::new() } else { format!(": {uri}") };
            assert_eq!(error.message, format!("resource not found{said}"));
            assert_eq!(error.data, Some(json!({"uri": uri})));
        }
        assert_eq!(client.err("resources/read", json!({})).await.code, -32602);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tool_error_is_logged() {
    everywhere(library, async |client| {
        let error = client.err("resources/read", json!({"uri": "bad://x"})).await;
        error.expect_internal();
    })
    .await;
}
