//! Micro benches of the decisions about access tokens and by policies:
//! `cargo bench -p mcp-protected-benches`.

mod access_token;
mod policy;

fn main() {
    divan::Divan::default().sample_size(100).config_with_args().main();
}
