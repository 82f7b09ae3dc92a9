//! Encodes the answer to `tools/list` with 100 tools.

use bytes::BytesMut;
use divan::{Bencher, counter::BytesCount};
use mcp_benches::fixture::tools;
use mcp_core::{
    json::JsonBytes,
    jsonrpc::{RequestId, write_result},
    types::{ListToolsResult, Schema, Tool},
};
use serde_json::{Value, json};

fn list() -> Value {
    let tool = |tool: tools::ToolSpec| {
        let schema: Value = serde_json::from_str(&tool.input_schema).unwrap_or_default();
        json!({ "name": tool.name, "description": tool.description, "inputSchema": schema })
    };
    json!({ "tools": tools::table(100).into_iter().map(tool).collect::<Vec<_>>() })
}

fn typed_list() -> ListToolsResult {
    let tool = |tool: tools::ToolSpec| {
        let schema: Value = serde_json::from_str(&tool.input_schema).unwrap_or_default();
        let schema = Schema::try_from(schema).unwrap_or_else(|_| Schema::any_object());
        Tool::new(tool.name, schema).description(tool.description)
    };
    ListToolsResult::new(tools::table(100).into_iter().map(tool).collect::<Vec<_>>())
}

/// As the server does: the list is serialized once and its bytes are kept.
#[divan::bench]
fn ours(bencher: Bencher<'_, '_>) {
    let (id, Ok(list)) = (RequestId::from(417), JsonBytes::new(&typed_list())) else { return };
    bencher.counter(BytesCount::of_slice(list.as_bytes())).bench(|| {
        let mut out = BytesMut::with_capacity(list.as_bytes().len() + 64);
        write_result(&mut out, &id, list.as_bytes());
        out
    });
}

/// The additional cost of the first request after a change.
#[divan::bench]
fn ours_after_a_change(bencher: Bencher<'_, '_>) {
    let list = typed_list();
    bencher.bench(|| JsonBytes::new(divan::black_box(&list)));
}

/// The list is kept as a tree and serialized for each request.
#[divan::bench]
fn value(bencher: Bencher<'_, '_>) {
    let list = list();
    let size = list.to_string().len();
    bencher.counter(BytesCount::new(size)).bench(|| {
        let mut out = Vec::with_capacity(size + 64);
        out.extend_from_slice(br#"{"jsonrpc":"2.0","id":417,"result":"#);
        let written = serde_json::to_writer(&mut out, &list);
        out.extend_from_slice(b"}\n");
        written.map(|()| out)
    });
}

/// The bytes of the list are kept.
#[divan::bench]
fn borrowed(bencher: Bencher<'_, '_>) {
    let list = list().to_string();
    bencher.counter(BytesCount::of_str(&list)).bench(|| {
        let mut out = Vec::with_capacity(list.len() + 64);
        out.extend_from_slice(br#"{"jsonrpc":"2.0","id":417,"result":"#);
        out.extend_from_slice(list.as_bytes());
        out.extend_from_slice(b"}\n");
        out
    });
}
