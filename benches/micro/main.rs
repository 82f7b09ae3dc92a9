//! Micro benches of the work before and after a handler: `cargo bench -p mcp-benches`.
//!
//! Each group processes the same input with this SDK (`ours`) and with `serde_json`: `value` parses
//! into a tree first, as most SDKs do, and `borrowed` is the practical lower limit.

mod arguments;
mod envelope;
mod long_text;
mod tools_list;

fn main() {
    divan::Divan::default().sample_size(100).config_with_args().main();
}
