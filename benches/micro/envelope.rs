//! Envelope decode: a line from the wire to method, id and raw params.

use std::borrow::Cow;

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use mcp_benches::messages::{Era, INITIALIZED, Template, text};
use mcp_core::{ConnectionLimits, jsonrpc};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The lines: what clients send most, and one with a big text.
const LINES: [&str; 4] = ["call 2025", "call 2026", "notification", "call of 64 KiB"];

fn line(name: &str) -> Vec<u8> {
    let template = match name {
        "call 2025" => Template::echo(Era::Legacy, "hello, world"),
        "call 2026" => Template::echo(Era::Modern, "hello, world"),
        "call of 64 KiB" => Template::echo(Era::Legacy, &text(64 << 10)),
        _ => return INITIALIZED.trim_ascii_end().to_vec(),
    };
    let mut line = Vec::new();
    template.write(417, &mut line);
    line.truncate(line.len() - 1);
    line
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only the parsing is of interest")]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// With everything a server must check first: UTF-8, depth, number of values, doubled members, the
/// id's form.
#[divan::bench(args = LINES)]
fn ours(bencher: Bencher<'_, '_>, name: &str) {
    let (line, limits) = (Bytes::from(line(name)), ConnectionLimits::default());
    bencher.counter(BytesCount::of_slice(&line)).bench(|| jsonrpc::decode(&line, &limits));
}

#[divan::bench(args = LINES)]
fn value(bencher: Bencher<'_, '_>, name: &str) {
    let line = line(name);
    bencher
        .counter(BytesCount::of_slice(&line))
        .bench(|| serde_json::from_slice::<Value>(&line).is_ok());
}

#[divan::bench(args = LINES)]
fn borrowed(bencher: Bencher<'_, '_>, name: &str) {
    let line = line(name);
    bencher
        .counter(BytesCount::of_slice(&line))
        .bench(|| divan::black_box(serde_json::from_slice::<Envelope<'_>>(&line)).is_ok());
}
