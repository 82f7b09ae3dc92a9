use mcp_server::{routes, tool};

fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[tool]
fn marked() {}

struct Notes;

fn main() {
    let _ = add(1, 2);
    let _ = routes![marked, add];
    let _ = routes![marked, Notes];
}
