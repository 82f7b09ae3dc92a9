//! Writes the long text of a result as a JSON string.

use divan::Bencher;
use mcp_core::json::to_text;

/// 64 KiB without escapes, with the escapes of source code, and beyond ASCII.
const TEXTS: [&str; 3] = [
    "The quick brown fox jumps over the lazy dog. ",
    "    let name = input.get(\"name\")?;\n    call(name);\n",
    "Съешь же ещё этих мягких французских булок. ",
];

fn text(kind: &str) -> String {
    kind.repeat((64 << 10) / kind.len())
}

#[divan::bench(args = TEXTS)]
fn ours(bencher: Bencher<'_, '_>, kind: &str) {
    let text = text(kind);
    bencher.bench(|| to_text(divan::black_box(&text)));
}

#[divan::bench(args = TEXTS)]
fn serde_json(bencher: Bencher<'_, '_>, kind: &str) {
    let text = text(kind);
    bencher.bench(|| serde_json::to_string(divan::black_box(&text)));
}
