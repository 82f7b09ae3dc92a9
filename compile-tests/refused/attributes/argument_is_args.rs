use mcp_server::extract::Args;
use mcp_server::{prompt, resource, tool};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Two {
    a: i64,
    b: i64,
}

#[tool]
fn add(Args(two): Args<Two>) -> i64 {
    two.a + two.b
}

#[prompt]
fn ask(two: Args<Two>) -> String {
    two.0.a.to_string()
}

#[resource("sum://{a}/{b}")]
fn sum(#[arg(name = "a")] two: mcp_server::extract::Args<Two>, b: i64) -> String {
    (two.0.a + b).to_string()
}

fn main() {}
