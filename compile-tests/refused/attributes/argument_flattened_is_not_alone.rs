use mcp_server::tool;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Search {
    text: String,
}

#[tool]
fn search(#[arg(flatten)] search: Search, limit: u32) -> String {
    format!("{} {limit}", search.text)
}

fn main() {}
