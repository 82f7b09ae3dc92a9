//! Names, options and schemas, when the tools are built.

use jsonrpsee::core::server::RpcModule;
use mcp_server::bridge::jsonrpsee::{MethodSchema, OpenParams, RpcTools};
use mcp_server::tool::ToolRoute;
use mcp_server::{BuildError, schemars, serde};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::harness::server;

fn module(names: &[&'static str]) -> RpcModule<()> {
    let mut module = RpcModule::new(());
    for name in names {
        module.register_method(name, |_, _, _| 1_u8).unwrap();
    }
    module
}

fn tool_names(tools: RpcTools) -> Vec<String> {
    tools.build().unwrap().iter().map(|route| route.tool().name.clone()).collect()
}

/// Returns the name and the reason of an invalid registration.
#[track_caller]
fn invalid(tools: RpcTools) -> (String, String) {
    match tools.build() {
        Err(BuildError::Invalid { name, reason, .. }) => (name, reason),
        other => panic!("{other:?}"),
    }
}

fn only(tools: RpcTools) -> Value {
    let mut tools = tools.build().unwrap();
    assert_eq!(tools.len(), 1);
    serde_json::to_value(tools.remove(0).tool()).unwrap()
}

#[test]
fn names_are_made_legal_prefixed_renamed_and_selected() {
    let module = module(&["b.get", "a/set", "admin.stop"]);
    let tools = RpcTools::new(module)
        .prefix("node_")
        .rename("a/set", "set")
        .filter(|method| !method.starts_with("admin."));
    assert_eq!(tool_names(tools), ["set", "node_b_get"]);
}

#[test]
fn a_collision_names_both_methods_and_a_new_name_resolves_it() {
    let module = module(&["state.get", "state_get"]);
    let (name, reason) = invalid(RpcTools::new(module.clone()));
    assert_eq!(name, "state_get");
    assert!(reason.contains(r#""state.get" and "state_get""#), "{reason}");
    assert!(reason.contains("RpcTools::rename"), "{reason}");
    let renamed = RpcTools::new(module).rename("state.get", "get");
    assert_eq!(tool_names(renamed), ["get", "state_get"]);
}

#[test]
fn a_name_that_no_tool_can_have_is_reported_by_the_server() {
    let long: &'static str = "x".repeat(129).leak();
    for name in [long, ""] {
        let tools = RpcTools::new(module(&[name])).build().unwrap();
        assert!(matches!(server().tools(tools).build(), Err(BuildError::Invalid { .. })));
    }
}

#[test]
fn options_and_schemas_must_name_methods_of_the_module() {
    let new = || RpcTools::new(module(&["a"]));
    let missing =
        [new().rename("b", "c"), new().blocking(["b"]), new().method(MethodSchema::new("b"))];
    for tools in missing {
        let (name, reason) = invalid(tools);
        assert_eq!(name, "b");
        assert!(reason.contains("the module does not have it"), "{reason}");
    }
    let twice = new().method(MethodSchema::new("a")).method(MethodSchema::new("a"));
    let reason = "it has two schemas; remove one of them".into();
    let duplicate = BuildError::Invalid { kind: "method", name: "a".into(), reason };
    assert_eq!(twice.build().unwrap_err(), duplicate);
    let mut module = RpcModule::new(());
    module.register_async_method("a", |_, _, _| async { 1_u8 }).unwrap();
    let (name, reason) = invalid(RpcTools::new(module).blocking(["a"]));
    assert_eq!(name, "a");
    assert!(reason.contains("is for sync methods"), "{reason}");
}

#[test]
fn methods_without_a_schema_are_open_or_left_out() {
    let new = || RpcTools::new(module(&["a.b"]));
    let positional = only(new());
    assert_eq!(positional["description"], "Call the JSON-RPC method `a.b`.");
    let params = &positional["inputSchema"]["properties"]["params"];
    assert_eq!(params["type"], "array");
    let named = only(new().open_params(OpenParams::Named));
    let open = json!({"type": "object", "properties": {}, "required": []});
    assert_eq!(named["inputSchema"], open);
    assert_eq!(named.get("outputSchema"), None);
    assert!(tool_names(new().described_only()).is_empty());
}

#[derive(JsonSchema, serde::Serialize)]
#[serde(crate = "serde")]
#[schemars(crate = "schemars")]
struct Block {
    number: u64,
    parent: Option<Box<Block>>,
}

#[test]
fn schemas_come_from_types_and_share_their_definitions() {
    let schema = MethodSchema::new("a")
        .title("Import")
        .description("Import blocks.")
        .param::<Block>("block")
        .param_description("the block")
        .param::<Option<Vec<Block>>>("more")
        .returns::<Block>();
    let tool = only(RpcTools::new(module(&["a"])).method(schema.clone()));
    assert_eq!(
        (&tool["title"], &tool["description"]),
        (&json!("Import"), &json!("Import blocks."))
    );
    let input = &tool["inputSchema"];
    let block = json!({"$ref": "#/$defs/Block"});
    let expected = json!({"$ref": "#/$defs/Block", "description": "the block"});
    assert_eq!(input["properties"]["block"], expected);
    assert_eq!(input["properties"]["more"], json!({"type": "array", "items": block}));
    assert_eq!(input["required"], json!(["block"]));
    assert_eq!(
        input["$defs"]["Block"]["properties"]["number"],
        json!({"type": "integer", "minimum": 0})
    );
    assert_eq!(tool["outputSchema"]["type"], "object");
    let without = only(RpcTools::new(module(&["a"])).method(schema).without_output_schemas());
    assert_eq!(without.get("outputSchema"), None);
}

#[test]
fn names_of_parameters_by_position_are_made_legal() {
    let schema = MethodSchema::new("a").by_position();
    let schema = schema.param::<u8>("Hydrated transactions").param::<u8>("Hydrated_transactions");
    let tool = only(RpcTools::new(module(&["a"])).method(schema));
    let required = json!(["Hydrated_transactions", "Hydrated_transactions_2"]);
    assert_eq!(tool["inputSchema"]["required"], required);
}

#[test]
fn aliases_have_no_tools_and_tools_can_be_customized() {
    let tools = RpcTools::new(module(&["get", "old_get"]))
        .method(MethodSchema::new("get").alias("old_get"))
        .customize(|method, tool| tool.read_only(method == "get").scopes(["read"]));
    let tool = only(tools);
    assert_eq!(tool["name"], "get");
    assert_eq!(tool["annotations"], json!({"readOnlyHint": true}));
}

#[test]
fn methods_that_unsubscribe_have_no_tools() {
    let mut module = RpcModule::new(());
    module.register_subscription("sub", "item", "unsub", |_, _, _, _| async {}).unwrap();
    let tools: Vec<ToolRoute> = RpcTools::new(module).build().unwrap();
    assert_eq!(tools.len(), 1);
    let description = tools[0].tool().description.clone().unwrap();
    assert!(description.contains("after at most 100 values or 60s"), "{description}");
}
