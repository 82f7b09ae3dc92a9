use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Pair(String, u8);

#[derive(serde::Deserialize, Elicit)]
struct Unit;

fn main() {}
