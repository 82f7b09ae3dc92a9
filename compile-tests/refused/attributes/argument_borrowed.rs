use mcp_server::tool;

#[tool]
fn greet(name: &str, tags: Option<&str>) -> String {
    format!("{name} {tags:?}")
}

fn main() {}
