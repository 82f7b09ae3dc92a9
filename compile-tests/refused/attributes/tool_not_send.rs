use std::{future, rc::Rc};

use mcp_server::tool;

#[tool]
async fn wait() -> String {
    let text = Rc::new("text");
    future::ready(()).await;
    text.to_string()
}

fn main() {}
