//! Schemas from an OpenRPC document.

use jsonrpsee::core::server::RpcModule;
use mcp_server::bridge::jsonrpsee::{MethodSchema, RpcSchemas, RpcTools};
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use super::fixture::serving;
use crate::harness::{MODERN, each};

fn document() -> Value {
    json!({
        "openrpc": "1.2.6",
        "info": {"title": "node", "version": "1"},
        "methods": [
            {
                "name": "eth_getBlock",
                "summary": "Returns a block.",
                "description": "With its transactions.",
                "params": [
                    {"$ref": "#/components/contentDescriptors/Number"},
                    {"name": "Full block", "schema": {"type": "boolean"}},
                ],
                "result": {"name": "block", "schema": {"$ref": "#/components/schemas/Block"}},
            },
            {
                "name": "eth_sum",
                "paramStructure": "by-name",
                "params": [{"name": "pair", "required": true, "schema": {
                    "type": "array", "items": [{"type": "number"}, {"type": "number"}],
                }}],
                "result": {"name": "sum", "schema": {"type": "number"}},
            },
            {"$ref": "#/components/methods/Elsewhere"},
        ],
        "components": {
            "contentDescriptors": {"Number": {
                "name": "number", "summary": "its height", "required": true,
                "schema": {"$ref": "#/components/schemas/Height"},
            }},
            "schemas": {
                "Height": {"type": "integer", "minimum": 0},
                "Block": {
                    "type": "object",
                    "properties": {
                        "height": {"$ref": "#/components/schemas/Height"},
                        "parent": {"$ref": "#/components/schemas/Block"},
                    },
                    "required": ["height"],
                },
            },
            "methods": {"Elsewhere": {"name": "eth_elsewhere", "params": []}},
        },
    })
}

fn module() -> RpcModule<()> {
    let mut module = RpcModule::new(());
    module
        .register_method("eth_getBlock", |params, _, _| {
            let mut params = params.sequence();
            let height: u64 = params.next()?;
            let is_full: Option<bool> = params.optional_next()?;
            let block =
                json!({"height": height, "parent": {"height": u64::from(is_full == Some(true))}});
            Ok::<_, jsonrpsee::types::ErrorObjectOwned>(block)
        })
        .unwrap();
    module
        .register_method("eth_sum", |params, _, _| params.as_str().unwrap_or_default().to_owned())
        .unwrap();
    module.register_method("eth_elsewhere", |_, _, _| 1_u8).unwrap();
    module
}

fn tools() -> RpcTools {
    RpcTools::new(module()).schemas(RpcSchemas::from_open_rpc(&document().to_string()).unwrap())
}

fn listed(tools: RpcTools, name: &str) -> Value {
    let tools = tools.build().unwrap();
    let tool = tools.iter().find(|route| route.tool().name == name).unwrap();
    serde_json::to_value(tool.tool()).unwrap()
}

#[test]
fn references_become_definitions_of_the_tool() {
    let tool = listed(tools(), "eth_getBlock");
    assert_eq!(tool["description"], "Returns a block.\n\nWith its transactions.");
    let input = json!({
        "type": "object",
        "properties": {
            "number": {"$ref": "#/$defs/Height", "description": "its height"},
            "Full_block": {"type": "boolean"},
        },
        "required": ["number"],
        "$defs": {"Height": {"type": "integer", "minimum": 0}},
    });
    assert_eq!(tool["inputSchema"], input);
    let output = &tool["outputSchema"];
    assert_eq!(output["type"], "object");
    assert_eq!(output["properties"]["parent"], json!({"$ref": "#/$defs/Block"}));
    assert_eq!(output["$defs"]["Block"]["required"], json!(["height"]));
    let pair = &listed(tools(), "eth_sum")["inputSchema"]["properties"]["pair"];
    let items = json!([{"type": "number"}, {"type": "number"}]);
    assert_eq!(pair, &json!({"type": "array", "prefixItems": items}));
    let elsewhere = listed(tools(), "eth_elsewhere");
    assert_eq!(elsewhere["inputSchema"]["properties"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn parameters_are_passed_as_the_document_says() {
    each(
        &MODERN,
        || serving(tools().without_output_schemas()),
        async |client| {
            let block = client.tool("eth_getBlock", json!({"Full_block": true, "number": 5})).await;
            assert_eq!(text_of(&block), r#"{"height":5,"parent":{"height":1}}"#);
            let block = client.tool("eth_getBlock", json!({"number": 5})).await;
            assert_eq!(text_of(&block), r#"{"height":5,"parent":{"height":0}}"#);
            let params = client.tool("eth_sum", json!({"pair": [1, 2]})).await;
            assert_eq!(text_of(&params), r#""{\"pair\":[1,2]}""#);
        },
    )
    .await;
}

#[test]
fn a_document_may_describe_more_than_the_module_has_and_less_than_a_schema() {
    let mut module = RpcModule::new(());
    module.register_method("eth_sum", |_, _, _| 1_u8).unwrap();
    let schemas = RpcSchemas::from_open_rpc(&document().to_string()).unwrap();
    let own = MethodSchema::new("eth_sum").description("Add.");
    let tools = RpcTools::new(module).schemas(schemas).method(own);
    let tool = listed(tools, "eth_sum");
    assert_eq!(tool["description"], "Add.");
    assert_eq!(tool["inputSchema"]["properties"], json!({}));
}

#[test]
fn a_document_that_cannot_be_used_is_an_error_with_its_place() {
    let error = |document: &str| RpcSchemas::from_open_rpc(document).unwrap_err().to_string();
    assert_eq!(error("{"), "the document is not JSON");
    assert!(error("{}").contains("no array `methods`"));
    assert_eq!(error(r#"{"methods":[{}]}"#), "methods/0 of the document has no `name`");
    let method = json!({"methods": [{"name": "m", "params": [{"$ref": "#/nowhere"}]}]});
    let text = r##"the method "m" of the document: the reference "#/nowhere" has no target"##;
    assert!(error(&method.to_string()).starts_with(text));
    let method = json!({"methods": [{"name": "m", "result": {"schema": {"$ref": "http://x"}}}]});
    assert!(error(&method.to_string()).contains("\"http://x\""));
    let method = json!({"methods": [{"name": "m", "params": [{"schema": true}]}]});
    assert!(error(&method.to_string()).contains("a parameter has no `name`"));
}
