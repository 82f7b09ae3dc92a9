//! `tools/list`, `prompts/list` and the lists of resources: the members of an entry in each
//! revision, and that a list is encoded once. Spec: server/tools, server/prompts, server/resources.

use mcp_server::meta::Meta;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::{Annotations, Icon, PromptArgument, Schema};
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Raw, Transport, built, everywhere, server};

fn schema(value: Value) -> Schema {
    Schema::try_from(value).unwrap()
}

fn icons() -> [Icon; 1] {
    [Icon::new("https://example.com/i.png")]
}

fn rich() -> ServerBuilder {
    let input = json!({
        "type": "object", "properties": {"z": {"type": "string"}, "a": {"$ref": "#/$defs/A"}},
        "required": ["z"], "$defs": {"A": {"type": "integer"}}, "x-unknown": [1, {"k": null}],
    });
    server()
        .tool(
            ToolRoute::builder("rich")
                .title("Rich")
                .description("Has everything.")
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false)
                .icons(icons())
                .meta(Meta::new().with("com.example/a", 1))
                .input_schema(schema(input))
                .output_schema(schema(json!({"type": "array", "items": {"$ref": "#/$defs/N"}, "$defs": {"N": {"type": "number"}}})))
                .handler(|_: Context| async { "" }),
        )
        .tool(
            ToolRoute::builder("object")
                .output_schema(schema(json!({"type": "object"})))
                .handler(|_: Context| async { "" }),
        )
        .prompt(
            PromptRoute::builder("p")
                .title("P")
                .description("Asks.")
                .icons(icons())
                .meta(Meta::new().with("com.example/a", 1))
                .argument(PromptArgument::new("x").title("X").description("The x.").required(true))
                .handler(|_: Context| async { "" }),
        )
        .resource(
            ResourceRoute::builder("a://b", "b")
                .title("B")
                .description("A thing.")
                .mime_type("text/plain")
                .size(7)
                .icons(icons())
                .meta(Meta::new().with("com.example/a", 1))
                .annotations(Annotations::new().priority(0.5))
                .handler(|| async { "content" }),
        )
        .resource(ResourceRoute::builder("a://{x}", "t").title("T").icons(icons()).handler(|| async { "" }))
}

#[tokio::test(start_paused = true)]
async fn a_tool_has_the_members_of_the_revision() {
    everywhere(rich, async |client| {
        let tools = client.ok("tools/list", json!({})).await["tools"].clone();
        let revision = client.revision;
        let input = json!({
            "type": "object", "properties": {"z": {"type": "string"}, "a": {"$ref": "#/$defs/A"}},
            "required": ["z"], "$defs": {"A": {"type": "integer"}}, "x-unknown": [1, {"k": null}],
        });
        let mut expected = json!({"name": "rich", "description": "Has everything.", "inputSchema": input});
        let mut object = json!({"name": "object", "inputSchema": Schema::empty_object()});
        if revision >= Revision::V2025_03_26 {
            expected["annotations"] = json!({
                "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false,
            });
        }
        if revision >= Revision::V2025_06_18 {
            expected["title"] = json!("Rich");
            expected["_meta"] = json!({"com.example/a": 1});
            expected["outputSchema"] = json!({
                "$defs": {"N": {"type": "number"}},
                "type": "object",
                "properties": {"result": {"type": "array", "items": {"$ref": "#/$defs/N"}}},
                "required": ["result"],
            });
            object["outputSchema"] = json!({"type": "object"});
        }
        if revision >= Revision::V2025_11_25 {
            expected["icons"] = json!([{"src": "https://example.com/i.png"}]);
        }
        if revision >= Revision::V2026_07_28 {
            expected["outputSchema"] =
                json!({"type": "array", "items": {"$ref": "#/$defs/N"}, "$defs": {"N": {"type": "number"}}});
        }
        assert_eq!(tools, json!([expected, object]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_members_of_a_schema_keep_their_order() {
    let built = built(rich());
    let mut raw = Raw::session(&built, "2025-11-25").await;
    raw.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
    let line = raw.next_line().await.unwrap();
    let input = r##""inputSchema":{"type":"object","properties":{"z":{"type":"string"},"a":{"$ref":"#/$defs/A"}},"required":["z"],"$defs":{"A":{"type":"integer"}},"x-unknown":[1,{"k":null}]}"##;
    assert!(line.contains(input), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_prompt_has_the_members_of_the_revision() {
    everywhere(rich, async |client| {
        let prompts = client.ok("prompts/list", json!({})).await["prompts"].clone();
        let mut argument = json!({"name": "x", "description": "The x.", "required": true});
        let mut expected = json!({"name": "p", "description": "Asks."});
        if client.revision >= Revision::V2025_06_18 {
            expected["title"] = json!("P");
            expected["_meta"] = json!({"com.example/a": 1});
            argument["title"] = json!("X");
        }
        if client.revision >= Revision::V2025_11_25 {
            expected["icons"] = json!([{"src": "https://example.com/i.png"}]);
        }
        expected["arguments"] = json!([argument]);
        assert_eq!(prompts, json!([expected]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn resources_and_templates_have_the_members_of_the_revision() {
    everywhere(rich, async |client| {
        let resources = client.ok("resources/list", json!({})).await["resources"].clone();
        let templates =
            client.ok("resources/templates/list", json!({})).await["resourceTemplates"].clone();
        let mut resource = json!({
            "uri": "a://b", "name": "b", "description": "A thing.", "mimeType": "text/plain",
            "annotations": {"priority": 0.5}, "size": 7,
        });
        let mut template = json!({"uriTemplate": "a://{x}", "name": "t"});
        if client.revision >= Revision::V2025_06_18 {
            resource["title"] = json!("B");
            resource["_meta"] = json!({"com.example/a": 1});
            template["title"] = json!("T");
        }
        if client.revision >= Revision::V2025_11_25 {
            resource["icons"] = json!([{"src": "https://example.com/i.png"}]);
            template["icons"] = resource["icons"].clone();
        }
        assert_eq!(resources, json!([resource]));
        assert_eq!(templates, json!([template]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_input_schema_of_typed_arguments_is_derived() {
    #[derive(serde::Deserialize, mcp_server::schemars::JsonSchema)]
    #[schemars(crate = "mcp_server::schemars")]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code)]
    struct Trip {
        /// Where to.
        city: String,
        days: Option<u8>,
    }
    let server = || {
        server().tool(ToolRoute::builder("trip").handler(
            |_: mcp_server::extract::Args<Trip>| async { mcp_server::tool::Structured(1_i64) },
        ))
    };
    everywhere(server, async |client| {
        let tool = client.ok("tools/list", json!({})).await["tools"][0].clone();
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object");
        assert_eq!(
            schema["properties"]["city"],
            json!({"description": "Where to.", "type": "string"})
        );
        assert_eq!(schema["properties"]["days"]["type"], "integer");
        assert_eq!(schema["required"], json!(["city"]));
        assert_eq!(schema["additionalProperties"], false);
        let output = tool.get("outputSchema");
        match client.revision {
            Revision::V2024_11_05 | Revision::V2025_03_26 => assert_eq!(output, None),
            Revision::V2026_07_28 => assert_eq!(output.unwrap()["type"], "integer"),
            _ => assert_eq!(output.unwrap()["properties"]["result"]["type"], "integer"),
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn lists_are_in_order_of_registration() {
    let tool = |name: &str| ToolRoute::builder(name).handler(|_: Context| async { "" });
    let names = ["zebra", "ant", "Mole", "a.b-c_1"];
    everywhere(
        || server().tools(names.map(tool)),
        async |client| {
            let list = client.ok("tools/list", json!({})).await;
            let listed: Vec<_> =
                list["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
            assert_eq!(listed, names);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_list_is_byte_for_byte_the_same_until_it_changes() {
    let server = built(rich());
    for revision in ["2024-11-05", "2025-11-25"] {
        let mut raw = Raw::session(&server, revision).await;
        for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
            let ask = json!({"jsonrpc": "2.0", "id": 1, "method": method});
            let mut lines = Vec::new();
            for _ in 0..3 {
                raw.send(&ask).await;
                lines.push(raw.next_line().await.unwrap());
            }
            assert_eq!(lines[0], lines[1]);
            assert_eq!(lines[0], lines[2]);
        }
    }
    let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    let before = client.ok("tools/list", json!({})).await;
    server.handle().set_tool(ToolRoute::builder("new").handler(|_: Context| async { "" })).unwrap();
    let after = client.ok("tools/list", json!({})).await;
    assert_eq!(
        after["tools"].as_array().unwrap().len(),
        before["tools"].as_array().unwrap().len() + 1
    );
    assert_eq!(after["tools"][2]["name"], "new");
}

#[tokio::test(start_paused = true)]
async fn null_or_absent_parameters_are_an_empty_object() {
    let mut raw = Raw::session(&built(rich()), "2025-06-18").await;
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": null}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": null}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": null}}),
    ] {
        assert_eq!(
            raw.ask(&message).await["result"]["tools"].as_array().unwrap().len(),
            2,
            "{message}"
        );
    }
    let wrong =
        raw.ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": []})).await;
    assert_eq!((&wrong["error"]["code"], &wrong["id"]), (&json!(-32602), &json!(1)));
}
