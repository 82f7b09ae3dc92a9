use mcp_server::{prompt, tools};
use mcp_server::completion::CompletionCall;

async fn lengths(_: &CompletionCall) -> usize {
    3
}

#[prompt]
fn ask(
    #[arg(complete = "dry")] tone: String,
    #[arg(complete = [1, 2])] lines: u8,
    #[arg(complete)] topic: String,
) -> String {
    format!("{tone} {lines} {topic}")
}

#[prompt]
fn numbers(#[arg(complete = [1, 2])] lines: u8) -> String {
    lines.to_string()
}

#[prompt]
fn measured(#[arg(complete = lengths)] length: u8) -> String {
    length.to_string()
}

struct Notes;

#[tools]
impl Notes {
    #[prompt]
    fn summarize(&self, #[arg(complete = Self::missing)] topic: String) -> String {
        topic
    }
}

fn main() {}
