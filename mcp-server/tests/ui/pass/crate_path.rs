// `crate = …` for a crate that has the runtime under another name.
#![deny(warnings)]

mod reexport {
    pub use mcp_server as server;
}

use reexport::server::{tool, tools};

#[tool(crate = crate::reexport::server)]
fn add(a: u8, #[arg(default = 1)] b: u8) -> u8 {
    a + b
}

struct Notes;

#[tools(crate = reexport::server)]
impl Notes {
    #[tool]
    fn read(&self) {}
}

fn main() {
    use reexport::server::Provider;

    let _ = reexport::server::routes![add];
    let _ = std::sync::Arc::new(Notes).routes();
}
