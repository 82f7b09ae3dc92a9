//! By hand, arguments are the fields of a struct in `Args`.

use mcp_server::tool::ToolRoute;

async fn hello(name: String) -> String {
    format!("hello {name}")
}

fn main() {
    let _ = ToolRoute::builder("hello").handler(hello);
}
