use mcp_server::{tool, tools};

#[tool]
struct Add;

struct Notes;

#[tool]
impl Notes {}

#[tools]
fn add() {}

fn main() {}
