use mcp_server::prompt;

#[prompt]
fn ask(topic: String) -> usize {
    topic.len()
}

fn main() {}
