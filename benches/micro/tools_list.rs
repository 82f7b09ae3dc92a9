//! `tools/list` of 100 tools: from the request to the bytes of its answer.

use divan::{Bencher, counter::BytesCount};
use mcp_benches::tools;
use serde_json::{Value, json};

fn list() -> Value {
    let tool = |tool: tools::ToolSpec| {
        let schema: Value = serde_json::from_str(&tool.input_schema).unwrap_or_default();
        json!({ "name": tool.name, "description": tool.description, "inputSchema": schema })
    };
    json!({ "tools": tools::table(100).into_iter().map(tool).collect::<Vec<_>>() })
}

/// The list is kept as a tree and written for each request.
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

/// The bytes are kept.
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
