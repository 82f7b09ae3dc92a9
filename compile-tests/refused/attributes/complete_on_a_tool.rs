use mcp_server::tool;

#[tool]
fn ask(#[arg(complete = ["a", "b"])] topic: String) -> String {
    topic
}

fn main() {}
