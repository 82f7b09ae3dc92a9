//! Micro benches: what one message costs before and after a handler runs.
//! `cargo bench -p mcp-benches`.
//!
//! Each group runs the same input through our code and through the plain ways to do it with
//! `serde_json`: `value` parses into a tree first (what most SDKs do), `borrowed` is the practical
//! limit.

mod arguments;
mod envelope;
mod tools_list;

fn main() {
    divan::Divan::default().sample_size(100).config_with_args().main();
}
