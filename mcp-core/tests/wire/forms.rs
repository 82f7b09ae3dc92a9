//! Guarantees of the wire types beyond round trips: constructors, order, number formats and errors.

use mcp_core::json::RawJson;
use mcp_core::jsonrpc::RequestId;
use mcp_core::meta::Meta;
use mcp_core::types::*;
use serde_json::{Value, json};

fn error<T: serde::de::DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    serde_json::from_str::<T>(text).unwrap_err().to_string()
}

#[test]
fn constructors_produce_the_expected_json() {
    let schema = Schema::try_from(json!({"type": "object"})).unwrap();
    let cases = [
        (
            serde_json::to_value(
                Tool::new("lend", schema).title("Lend").icons([Icon::new("data:,x")]),
            )
            .unwrap(),
            json!({"name": "lend", "inputSchema": {"type": "object"}, "title": "Lend", "icons": [{"src": "data:,x"}]}),
        ),
        (
            serde_json::to_value(PromptMessage::user("Hello")).unwrap(),
            json!({"role": "user", "content": {"type": "text", "text": "Hello"}}),
        ),
        (
            serde_json::to_value(Content::image([1u8, 2, 255], "image/png")).unwrap(),
            json!({"type": "image", "data": "AQL/", "mimeType": "image/png"}),
        ),
        (
            serde_json::to_value(ResourceContents::blob("a:b", b"hi").mime_type("text/plain"))
                .unwrap(),
            json!({"uri": "a:b", "blob": "aGk=", "mimeType": "text/plain"}),
        ),
        (
            serde_json::to_value(CallToolResult::error("Burnt")).unwrap(),
            json!({"content": [{"type": "text", "text": "Burnt"}], "isError": true}),
        ),
        (
            serde_json::to_value(CallToolResult::structured(&json!({"n": 1})).unwrap()).unwrap(),
            json!({"content": [{"type": "text", "text": "{\"n\":1}"}], "structuredContent": {"n": 1}}),
        ),
        (
            serde_json::to_value(SamplingMessage::assistant("Hm")).unwrap(),
            json!({"role": "assistant", "content": {"type": "text", "text": "Hm"}}),
        ),
        (
            serde_json::to_value(ElicitParams::form(
                "Who?",
                ElicitSchema::new()
                    .required_field("name", StringSchema::new().min_length(1))
                    .field("age", NumberSchema::integer().minimum(0)),
            ))
            .unwrap(),
            json!({"message": "Who?", "requestedSchema": {
                "type": "object",
                "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
                "required": ["name"],
            }}),
        ),
        (
            serde_json::to_value(InputRequest::from(ElicitParams::url(
                "Sign",
                "https://a.example/",
            )))
            .unwrap(),
            json!({"method": "elicitation/create",
                "params": {"mode": "url", "message": "Sign", "url": "https://a.example/"}}),
        ),
        (
            serde_json::to_value(
                Resource::new("a:b", "b").size(5).annotations(Annotations::new().priority(1)),
            )
            .unwrap(),
            json!({"uri": "a:b", "name": "b", "size": 5, "annotations": {"priority": 1}}),
        ),
    ];
    for (written, expected) in cases {
        assert_eq!(written, expected);
    }
    assert_eq!(
        Content::image([7u8], "image/png"),
        serde_json::from_value(json!({
            "mimeType": "image/png", "data": "Bw==", "type": "image"
        }))
        .unwrap()
    );
}

#[test]
fn completions_are_truncated_to_the_limit() {
    let completion = Completion::of((0..130).map(|n| n.to_string()));
    assert_eq!(
        (completion.values.len(), completion.total, completion.has_more),
        (100, Some(130), Some(true))
    );
    assert_eq!(Completion::of(["a"]).has_more, None);
}

#[test]
fn schemas_and_structured_content_keep_their_text() {
    let schema = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","zeta":1,"type":"object","$defs":{"b":{},"a":{}},"additionalProperties":false}"#;
    let text = format!(r#"{{"name":"t","inputSchema":{schema},"outputSchema":{schema}}}"#);
    let tool: Tool = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&tool).unwrap(), text);
    assert_eq!(tool.input_schema.get(), schema);

    let text = r#"{"content":[],"structuredContent":{"z":1.0,"a":1e2,"n":123456789012345678901234567890}}"#;
    let result: CallToolResult = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&result).unwrap(), text);
}

#[test]
fn a_present_null_is_not_an_absent_member() {
    let null: CallToolResult =
        serde_json::from_str(r#"{"content":[],"structuredContent":null}"#).unwrap();
    let absent: CallToolResult = serde_json::from_str(r#"{"content":[]}"#).unwrap();
    assert!(null.structured_content.as_ref().unwrap().is_null());
    assert_eq!(absent.structured_content, None);
    assert_ne!(null, absent);
    // In other members null means absent, and is not written.
    let tool: Tool = serde_json::from_str(r#"{"name":"t","inputSchema":{},"title":null}"#).unwrap();
    assert_eq!(serde_json::to_string(&tool).unwrap(), r#"{"name":"t","inputSchema":{}}"#);
}

#[test]
fn members_are_written_in_the_order_of_declaration_and_unknown_ones_last() {
    let tool: Tool =
        serde_json::from_str(r#"{"later":1,"title":"T","inputSchema":{},"name":"t"}"#).unwrap();
    assert_eq!(tool.extra.get("later"), Some(&json!(1)));
    assert_eq!(
        serde_json::to_string(&tool).unwrap(),
        r#"{"name":"t","inputSchema":{},"title":"T","later":1}"#
    );
}

#[test]
fn integers_may_be_written_as_floats() {
    let resource: Resource =
        serde_json::from_str(r#"{"uri":"a:b","name":"b","size":300000.0}"#).unwrap();
    assert_eq!(resource.size, Some(300_000));
    assert_eq!(serde_json::to_value(&resource).unwrap()["size"].to_string(), "300000");
    assert!(error::<Resource>(r#"{"uri":"a:b","name":"b","size":1.5}"#).contains("integer"));
    assert!(error::<Resource>(r#"{"uri":"a:b","name":"b","size":-1}"#).contains("out of range"));
    assert!(error::<Resource>(r#"{"uri":"a:b","name":"b","size":"5"}"#).contains("integer"));
    // A negative time to live is read as 0.
    let list: ListToolsResult = serde_json::from_str(r#"{"tools":[],"ttlMs":-5}"#).unwrap();
    assert_eq!(list.ttl_ms, Some(0));
}

#[test]
fn whole_numbers_are_written_without_a_fraction() {
    let progress = ProgressParams::new("t", 50.0).total(2.5);
    assert_eq!(
        serde_json::to_string(&progress).unwrap(),
        r#"{"progressToken":"t","progress":50,"total":2.5}"#
    );
}

#[test]
fn numbers_with_many_digits_are_read_exactly() {
    for text in ["46.044444444444444", "0.30000000000000004", "3.3333333333333327e180"] {
        let message = format!(r#"{{"progressToken":"t","progress":{text}}}"#);
        let progress: ProgressParams = serde_json::from_str(&message).unwrap();
        assert_eq!(progress.progress, text.parse::<f64>().unwrap());
    }
}

#[test]
fn ids_and_tokens_keep_their_type() {
    for (text, token) in [("1", RequestId::Number(1)), ("\"1\"", RequestId::String("1".into()))] {
        let text = format!(r#"{{"progressToken":{text},"progress":0}}"#);
        let progress: ProgressParams = serde_json::from_str(&text).unwrap();
        assert_eq!(progress.progress_token, token);
        assert_eq!(serde_json::to_string(&progress).unwrap(), text);
        let meta =
            Meta::new().with_subscription_id(token.clone()).with_progress_token(token.clone());
        assert_eq!(
            (meta.subscription_id(), meta.progress_token()),
            (Some(token.clone()), Some(token))
        );
    }
}

#[test]
fn known_members_must_not_occur_twice() {
    assert!(
        error::<Tool>(r#"{"name":"a","name":"b","inputSchema":{}}"#)
            .contains("duplicate field `name`")
    );
    assert!(
        error::<Tool>(r#"{"name":"a","title":null,"title":"b","inputSchema":{}}"#)
            .contains("duplicate")
    );
    for text in [
        r#"{"type":"text","type":"text","text":"x"}"#,
        r#"{"type":"text","text":"x","type":"image"}"#,
        r#"{"text":"x","text":"y","type":"text"}"#,
        r#"{"type":"smell","type":"smell"}"#,
        r#"{"type":"smell","of":1,"type":"text"}"#,
    ] {
        assert!(error::<Content>(text).contains("duplicate"), "{text}");
    }
    let twice = r#"{"type":"object","properties":{"a":{"type":"boolean"},"a":{"type":"string"}}}"#;
    assert!(error::<ElicitSchema>(twice).contains("duplicate field `a`"));
}

#[test]
fn errors_name_the_missing_or_invalid_member() {
    assert!(error::<Tool>(r#"{"name":"a"}"#).contains("missing field `inputSchema`"));
    assert!(error::<Tool>(r#"{"name":"a","inputSchema":5}"#).contains("JSON Schema"));
    assert!(error::<Tool>("[]").contains("a Tool object"));
    assert!(error::<Content>(r#"{"text":"x"}"#).contains("missing field `type`"));
    assert!(error::<TextContent>(r#"{"text":"x"}"#).contains("missing field `type`"));
    assert!(error::<TextContent>(r#"{"type":"image","text":"x"}"#).contains("expected `text`"));
    assert!(error::<Content>(r#"{"type":"text"}"#).contains("missing field `text`"));
    assert!(
        error::<CompletionReference>(r#"{"type":"ref/tool","name":"x"}"#)
            .contains("unknown variant")
    );
    assert!(error::<ResourceContents>(r#"{"uri":"a:b"}"#).contains("must have"));
    assert!(
        error::<ResourceContents>(r#"{"uri":"a:b","text":"","blob":""}"#)
            .contains("must not have both")
    );
    assert!(
        error::<LogMessageParams>(r#"{"level":"loud","data":1}"#)
            .contains("unknown variant `loud`")
    );
    assert!(error::<ElicitResult>(r#"{"action":"maybe"}"#).contains("unknown variant"));
    assert!(error::<ElicitParams>(r#"{"mode":"dance","message":"x"}"#).contains("unknown variant"));
    assert!(
        error::<InputRequest>(r#"{"method":"elicitation/create"}"#)
            .contains("missing field `params`")
    );
    assert!(
        error::<PromptMessage>(r#"{"role":"user","content":[{"type":"text","text":"x"}]}"#)
            .contains("Content")
    );
}

#[test]
fn the_result_type_of_a_result_is_ignored() {
    let result: CallToolResult =
        serde_json::from_str(r#"{"resultType":"complete","content":[],"isError":false}"#).unwrap();
    assert!(result.extra.is_empty());
    assert_eq!(serde_json::to_string(&result).unwrap(), r#"{"content":[],"isError":false}"#);
}

#[test]
fn form_fields_are_distinguished_and_keep_their_order() {
    let text = r#"{"type":"object","properties":{"z":{"type":"string"},"y":{"type":"string","enum":["a"]},"x":{"type":"string","enum":["a"],"enumNames":["A"]},"w":{"type":"string","oneOf":[]},"v":{"type":"array","items":{"anyOf":[]}},"u":{"type":"array","items":{"type":"string","enum":[]}},"t":{"type":"integer"}}}"#;
    let form: ElicitSchema = serde_json::from_str(text).unwrap();
    let kinds: Vec<_> = form
        .properties
        .iter()
        .map(|(name, field)| match field {
            PrimitiveSchema::String(_) => (name, "string"),
            PrimitiveSchema::SingleSelect(_) => (name, "one"),
            PrimitiveSchema::LegacyTitledEnum(_) => (name, "legacy"),
            PrimitiveSchema::TitledSingleSelect(_) => (name, "titled one"),
            PrimitiveSchema::TitledMultiSelect(_) => (name, "titled several"),
            PrimitiveSchema::MultiSelect(_) => (name, "several"),
            PrimitiveSchema::Number(_) => (name, "number"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("z", "string"),
            ("y", "one"),
            ("x", "legacy"),
            ("w", "titled one"),
            ("v", "titled several"),
            ("u", "several"),
            ("t", "number")
        ]
    );
    assert_eq!(serde_json::to_string(&form).unwrap(), text);
}

#[test]
fn an_answer_is_read_as_the_type_of_its_request() {
    let answers: InputResponses = serde_json::from_str(
        r#"{"who":{"action":"accept","content":{"a":1}},"where":{"roots":[]}}"#,
    )
    .unwrap();
    assert_eq!(answers.get::<ElicitResult>("who").unwrap().unwrap().action, ElicitAction::Accept);
    assert_eq!(answers.get::<ListRootsResult>("where").unwrap().unwrap().roots, []);
    assert!(answers.get::<ElicitResult>("where").is_err());
    assert_eq!(answers.get::<ElicitResult>("what").unwrap(), None);
    let mut answers = InputResponses::new();
    answers.insert("who", &ElicitResult::decline()).unwrap();
    assert_eq!(answers.get_raw("who"), Some(&RawJson::from(json!({"action": "decline"}))));
}

#[test]
fn levels_are_ordered_by_severity() {
    assert!(LoggingLevel::ALL.is_sorted());
    assert!(
        LoggingLevel::Debug < LoggingLevel::Warning
            && LoggingLevel::Alert < LoggingLevel::Emergency
    );
}

#[test]
fn reserved_metadata_has_accessors() {
    let meta: Meta = serde_json::from_str(
        r#"{"io.modelcontextprotocol/clientInfo":{"name":"desk","version":"1"},
            "io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/logLevel":"error",
            "traceparent":"00-a-b-01"}"#,
    )
    .unwrap();
    assert_eq!(meta.client_info().unwrap().name, "desk");
    assert!(meta.client_capabilities().unwrap().elicitation.unwrap().has_form());
    assert_eq!(meta.protocol_version(), Some("2026-07-28"));
    assert_eq!(meta.log_level(), Some(LoggingLevel::Error));
    assert_eq!(meta.traceparent(), Some("00-a-b-01"));
    assert_eq!(meta.server_info(), None);
}

#[test]
fn an_elicitation_capability_without_modes_means_forms() {
    let of = |value: Value| serde_json::from_value::<ElicitationCapability>(value).unwrap();
    assert!(of(json!({})).has_form() && !of(json!({})).has_url());
    assert!(!of(json!({"url": {}})).has_form() && of(json!({"url": {}})).has_url());
    assert!(
        ElicitationCapability::form_and_url().has_form()
            && ElicitationCapability::form_and_url().has_url()
    );
}
