use mcp_server::{Server, routes, tool};

#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {
    let _ = Server::builder("calculator", "1").tool(add);
    let _ = Server::builder("calculator", "1").routes(add);
    let _ = Server::builder("calculator", "1").tool(routes![add]);
    let _ = Server::builder("calculator", "1").with(add);
}
