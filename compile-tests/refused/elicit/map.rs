use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Settings {
    all: std::collections::HashMap<String, String>,
}

fn main() {}
