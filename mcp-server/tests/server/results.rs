//! `tools/call`: what a handler gives, and what each revision gets of it. Spec: server/tools.

use mcp_server::jsonrpc::ErrorObject;
use mcp_server::tool::{IntoToolResult, Structured, ToolRoute};
use mcp_server::types::{CallToolResult, Content, Icon, ResourceContents, ResourceLink};
use mcp_server::{Context, Revision, ServerBuilder, ToolError};
use serde_json::{Value, json};

use crate::harness::{Failure, everywhere, server};

fn tool<R: IntoToolResult + Send + 'static>(name: &str, give: fn() -> R) -> ToolRoute {
    ToolRoute::builder(name).handler(move |_: Context| std::future::ready(give()))
}

/// The members that results have in every revision.
fn plain(result: &Value) -> Value {
    let mut result = result.clone();
    let members = result.as_object_mut().unwrap();
    members.shift_remove("resultType");
    members.shift_remove("_meta");
    result
}

#[tokio::test(start_paused = true)]
async fn texts_blocks_and_nothing() {
    let server = || {
        server()
            .tool(tool("text", || "a\nb\u{2028}\"ü\""))
            .tool(tool("nothing", || ()))
            .tool(tool("blocks", || {
                vec![
                    Content::text("x"),
                    Content::image([1, 2, 3], "image/png"),
                    Content::resource(ResourceContents::text("a://b", "c")),
                ]
            }))
            .tool(tool("failed", || Err::<String, _>(ToolError::new("it broke"))))
    };
    everywhere(server, async |client| {
        assert_eq!(
            plain(&client.tool("text", json!({})).await),
            json!({"content": [{"type": "text", "text": "a\nb\u{2028}\"ü\""}]})
        );
        assert_eq!(plain(&client.tool("nothing", json!({})).await), json!({"content": []}));
        let blocks = json!({"content": [
            {"type": "text", "text": "x"},
            {"type": "image", "data": "AQID", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "a://b", "text": "c"}},
        ]});
        assert_eq!(plain(&client.tool("blocks", json!({})).await), blocks);
        let failed = json!({"content": [{"type": "text", "text": "it broke"}], "isError": true});
        assert_eq!(plain(&client.tool("failed", json!({})).await), failed);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_with_sources_is_told_whole() {
    fn read() -> Result<String, ToolError> {
        #[derive(Debug, thiserror::Error)]
        #[error("the notes cannot be read")]
        struct Outer(#[source] std::fmt::Error);
        Err(Outer(std::fmt::Error))?
    }
    everywhere(
        || server().tool(tool("read", read)),
        async |client| {
            let text = client.tool_text("read", json!({})).await;
            assert_eq!(text, format!("the notes cannot be read: {}", std::fmt::Error));
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_protocol_error_passes_as_it_is() {
    fn refuse() -> Result<String, ErrorObject> {
        Err(ErrorObject::new(-31000, "not today").with_data(&json!({"when": "tomorrow"})))
    }
    everywhere(
        || server().tool(tool("refuse", refuse)),
        async |client| {
            let error = client.err("tools/call", json!({"name": "refuse"})).await;
            let data = Some(json!({"when": "tomorrow"}));
            assert_eq!(error, Failure { code: -31000, message: "not today".into(), data });
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn audio_and_links_become_text_where_the_revision_has_no_such_blocks() {
    let server = || {
        server().tool(tool("audio", || Content::audio([1], "audio/wav"))).tool(tool("link", || {
            ResourceLink::new("a://b", "b").title("B").icons([Icon::new("https://e.com/i.png")])
        }))
    };
    everywhere(server, async |client| {
        let audio = client.tool("audio", json!({})).await["content"][0].clone();
        let link = client.tool("link", json!({})).await["content"][0].clone();
        match client.revision {
            Revision::V2024_11_05 => {
                assert_eq!(audio, json!({"type": "text", "text": "[audio: audio/wav]"}));
            }
            _ => {
                assert_eq!(
                    audio,
                    json!({"type": "audio", "data": "AQ==", "mimeType": "audio/wav"})
                );
            }
        }
        let mut expected =
            json!({"type": "resource_link", "uri": "a://b", "name": "b", "title": "B"});
        match client.revision {
            Revision::V2024_11_05 | Revision::V2025_03_26 => {
                expected = json!({"type": "text", "text": "[b](a://b)"});
            }
            Revision::V2025_06_18 => {}
            _ => expected["icons"] = json!([{"src": "https://e.com/i.png"}]),
        }
        assert_eq!(link, expected);
    })
    .await;
}

/// The structured content of a result of a tool, in the form of a revision that knows only objects
/// and in that of one that knows all.
async fn structured(server: impl Fn() -> ServerBuilder, text: &str, object: Value, any: Value) {
    everywhere(server, async |client| {
        let result = client.tool("give", json!({})).await;
        assert_eq!(result["content"], json!([{"type": "text", "text": text}]));
        let expected = match client.revision {
            Revision::V2024_11_05 | Revision::V2025_03_26 => None,
            Revision::V2026_07_28 => Some(&any),
            _ => Some(&object),
        };
        assert_eq!(result.get("structuredContent"), expected, "{result}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_structured_object_is_the_same_everywhere() {
    let value = || Structured(std::collections::BTreeMap::from([("a", 1), ("b", 2)]));
    let object = json!({"a": 1, "b": 2});
    structured(|| server().tool(tool("give", value)), r#"{"a":1,"b":2}"#, object.clone(), object)
        .await;
}

#[tokio::test(start_paused = true)]
async fn other_structured_values_are_wrapped_for_revisions_of_objects() {
    let server_of = |route: fn() -> ToolRoute| move || server().tool(route());
    let numbers = server_of(|| tool("give", || Structured(vec![1, 2])));
    structured(numbers, "[1,2]", json!({"result": [1, 2]}), json!([1, 2])).await;
    let text = server_of(|| tool("give", || Structured("x".to_owned())));
    structured(text, r#""x""#, json!({"result": "x"}), json!("x")).await;
    let null = server_of(|| tool("give", || Structured(None::<i64>)));
    structured(null, "null", json!({"result": null}), Value::Null).await;
}

/// The schema says "object or null", so the list shows it wrapped, and every value must be.
#[tokio::test(start_paused = true)]
async fn an_object_is_wrapped_where_its_schema_is() {
    let some = || Structured(Some(std::collections::BTreeMap::from([("a", 1)])));
    let server = || server().tool(tool("give", some));
    structured(server, r#"{"a":1}"#, json!({"result": {"a": 1}}), json!({"a": 1})).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_no_json_is_an_internal_error_without_details() {
    let unwritable = || Structured(std::collections::BTreeMap::from([((1, 2), 3)]));
    let route = || {
        ToolRoute::builder("give").raw(move |_| {
            Box::pin(async move {
                CallToolResult::structured(&unwritable().0).map_err(|_| ErrorObject::internal())
            })
        })
    };
    everywhere(
        || server().tool(route()),
        async |client| {
            let error = client.err("tools/call", json!({"name": "give"})).await;
            assert_eq!(
                error,
                Failure { code: -32603, message: "internal error".into(), data: None }
            );
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_may_bring_meta_of_its_own() {
    let give =
        || CallToolResult::text("x").meta(mcp_server::meta::Meta::new().with("com.example/a", 1));
    everywhere(
        || server().tool(tool("give", give)),
        async |client| {
            let meta = client.tool("give", json!({})).await["_meta"].clone();
            let mut expected = json!({"com.example/a": 1});
            if !client.is_legacy() {
                expected["io.modelcontextprotocol/serverInfo"] =
                    json!({"name": "test-server", "version": "1.2.3"});
            }
            assert_eq!(meta, expected);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tool_is_a_protocol_error() {
    everywhere(
        || server().tool(tool("t", || "")),
        async |client| {
            let error = client.err("tools/call", json!({"name": "T"})).await;
            assert_eq!((error.code, &*error.message), (-32602, "unknown tool: T"));
            let error = client
                .err("tools/call", json!({"name": format!("\u{7}{}", "x".repeat(5_000))}))
                .await;
            assert!(
                error.code == -32602
                    && error.message.len() < 200
                    && !error.message.contains('\u{7}')
            );
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_must_name_a_tool_and_its_arguments_must_be_an_object() {
    everywhere(
        || server().tool(tool("t", || "ok")),
        async |client| {
            for params in [json!({}), json!({"name": 1}), json!({"name": null})] {
                assert_eq!(client.err("tools/call", params).await.code, -32602);
            }
            for arguments in [json!([]), json!("x"), json!(1), json!(true)] {
                let error =
                    client.err("tools/call", json!({"name": "t", "arguments": arguments})).await;
                assert_eq!(
                    (error.code, &*error.message),
                    (-32602, "/arguments: expected an object")
                );
            }
            for params in [
                json!({"name": "t"}),
                json!({"name": "t", "arguments": null}),
                json!({"name": "t", "arguments": {}}),
            ] {
                assert_eq!(client.ok("tools/call", params).await["content"][0]["text"], "ok");
            }
        },
    )
    .await;
}

/// A value that holds values of its own type, and is not an object.
#[derive(serde::Serialize, mcp_server::schemars::JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
#[serde(rename_all = "lowercase")]
enum Tree {
    Leaf(i64),
    Branch(Vec<Tree>),
}

#[tokio::test(start_paused = true)]
async fn the_schema_of_a_recursive_result_fits_it_in_every_revision() {
    let server = || {
        let grow = || Structured(Tree::Branch(vec![Tree::Leaf(1), Tree::Branch(vec![])]));
        server().tool(tool("grow", grow))
    };
    everywhere(server, async |client| {
        let schema = client.ok("tools/list", json!({})).await["tools"][0]["outputSchema"].clone();
        let content = client.tool("grow", json!({})).await["structuredContent"].clone();
        if client.revision < Revision::V2025_06_18 {
            assert_eq!((schema, content), (Value::Null, Value::Null));
            return;
        }
        assert!(schema.to_string().contains("\"$ref\""), "it is recursive: {schema}");
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&content), "{schema} {content}");
        let wrapped = |value: Value| match client.is_legacy() {
            true => json!({"result": value}),
            false => value,
        };
        assert_eq!(content, wrapped(json!({"branch": [{"leaf": 1}, {"branch": []}]})));
        // What is wrong at any depth is seen, so the reference leads to the right place.
        for wrong in [json!({"leaf": "x"}), json!({"branch": [{"branch": [{"leaf": "x"}]}]})] {
            assert!(!validator.is_valid(&wrapped(wrong.clone())), "{schema} {wrong}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_fit_the_output_schema_is_an_internal_error() {
    let schema = || {
        let schema = json!({
            "type": "object",
            "properties": {"count": {"type": "integer", "minimum": 1}},
            "required": ["count"],
        });
        mcp_server::types::Schema::try_from(schema).unwrap()
    };
    let server = || {
        let given = |name: &str, result: fn() -> CallToolResult| {
            ToolRoute::builder(name)
                .output_schema(schema())
                .handler(move || std::future::ready(result()))
        };
        server()
            .tool(given("good", || CallToolResult::structured(&json!({"count": 1})).unwrap()))
            .tool(given("missing", || CallToolResult::structured(&json!({})).unwrap()))
            .tool(given("type", || CallToolResult::structured(&json!([1])).unwrap()))
            .tool(given("bound", || CallToolResult::structured(&json!({"count": 0})).unwrap()))
            .tool(given("text", || CallToolResult::text("1")))
            .tool(given("failed", || CallToolResult::error("no count today")))
    };
    everywhere(server, async |client| {
        for name in ["missing", "type", "bound", "text"] {
            client.err("tools/call", json!({"name": name})).await.expect_internal();
        }
        assert_eq!(client.tool_text("good", json!({})).await, r#"{"count":1}"#);
        assert_eq!(client.tool_text("failed", json!({})).await, "no count today");
    })
    .await;
}

/// Whoever returns them: a handler, or a layer that never reaches it (ERR-5).
#[tokio::test(start_paused = true)]
async fn codes_that_a_revision_does_not_have_are_replaced() {
    use mcp_server::layer::Layer;
    use mcp_server::service::{Notification, Reply, Request, Service};

    fn failure(name: &str) -> ErrorObject {
        let code = if name.contains("visit") { -32042 } else { -32002 };
        ErrorObject::new(code, "first things first").with_data(&json!({"why": "because"}))
    }

    #[derive(Clone)]
    struct Refuses;

    impl<S> Layer<S> for Refuses {
        type Service = Refusing<S>;

        fn layer(&self, inner: S) -> Refusing<S> {
            Refusing(inner)
        }
    }

    struct Refusing<S>(S);

    impl<S: Service> Service for Refusing<S> {
        async fn call(&self, request: Request) -> Reply {
            let params: Value = request.params.parse().unwrap();
            match params["name"].as_str() {
                Some(name) if name.starts_with("layer") => Err(failure(name).into()),
                _ => self.0.call(request).await,
            }
        }

        async fn notify(&self, notification: Notification) {
            self.0.notify(notification).await;
        }
    }

    let server = || {
        let failing = |name: &'static str| {
            ToolRoute::builder(name)
                .handler(move || std::future::ready(Err::<String, _>(failure(name))))
        };
        server().tool(failing("tool-visit")).tool(failing("tool-unknown")).layer(Refuses)
    };
    everywhere(server, async |client| {
        for where_from in ["tool", "layer"] {
            for (what, code) in [
                ("visit", if client.revision == Revision::V2025_11_25 { -32042 } else { -32603 }),
                ("unknown", if client.is_legacy() { -32002 } else { -32602 }),
            ] {
                let name = format!("{where_from}-{what}");
                let error = client.err("tools/call", json!({"name": name})).await;
                assert_eq!((error.code, &*error.message), (code, "first things first"), "{name}");
                assert_eq!(error.data, Some(json!({"why": "because"})));
            }
        }
    })
    .await;
}
