//! A handler is an async function.

use mcp_server::tool::ToolRoute;

fn hello() -> String {
    "hello".to_owned()
}

fn main() {
    let _ = ToolRoute::builder("hello").handler(hello);
}
