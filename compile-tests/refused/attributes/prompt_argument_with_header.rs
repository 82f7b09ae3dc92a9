use mcp_server::prompt;

#[prompt]
fn ask(#[arg(header = "Topic")] topic: String) -> String {
    topic
}

fn main() {}
