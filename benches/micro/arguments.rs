//! Decodes the raw `arguments` of a call to the typed arguments of a tool.

use divan::Bencher;
use mcp_core::json::JsonBytes;
use serde::Deserialize;
use serde_json::Value;

/// Typical arguments of a search tool: strings, a number, a list, a nested object.
const ARGUMENTS: &str = r#"{"query":"how does \"borrow checking\" work?","limit":25,"tags":["rust","ownership","lifetimes"],"filter":{"since":"2026-01-01","authors":["ferris","graydon"],"archived":false}}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the parsing is measured")]
struct Search {
    query: String,
    limit: u32,
    tags: Vec<String>,
    filter: Filter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the parsing is measured")]
struct Filter {
    since: String,
    authors: Vec<String>,
    archived: bool,
}

/// Parses the slice that the envelope decoder returns.
#[divan::bench]
fn ours(bencher: Bencher<'_, '_>) {
    let arguments = JsonBytes::from_trusted(ARGUMENTS);
    bencher.bench(|| divan::black_box(&arguments).parse::<Search>());
}

#[divan::bench]
fn value(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        let tree: Value = serde_json::from_str(divan::black_box(ARGUMENTS))?;
        serde_json::from_value::<Search>(tree)
    });
}

#[divan::bench]
fn borrowed(bencher: Bencher<'_, '_>) {
    bencher.bench(|| serde_json::from_str::<Search>(divan::black_box(ARGUMENTS)));
}
