use mcp_server::{prompt, tool};

#[tool]
fn weather(#[arg(description = "the city")] city: String) -> String {
    city
}

#[prompt]
fn report(#[arg(desc = "the city")] city: String) -> String {
    city
}

fn main() {}
