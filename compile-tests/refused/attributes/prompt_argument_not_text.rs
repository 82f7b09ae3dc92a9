use mcp_server::{prompt, resource};

struct Topic;

#[prompt]
fn ask(topic: Topic) -> String {
    let _ = topic;
    String::new()
}

#[resource("topic://{topic}")]
fn read(topic: Topic) -> String {
    let _ = topic;
    String::new()
}

fn main() {}
