use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Tags {
    tags: Vec<String>,
}

fn main() {}
