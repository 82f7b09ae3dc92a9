use mcp_server::tool;
use mcp_server::extract::State;

struct Caller;

#[tool]
fn look(#[arg(inject)] caller: Caller, #[arg(inject, name = "x")] state: State<u8>) -> u8 {
    let _ = caller;
    *state
}

#[tool]
fn see(#[arg(inject)] caller: Caller) {
    let _ = caller;
}

fn main() {}
