// `crate = …` for a crate that has the runtime under another name.
#![deny(warnings)]

mod reexport {
    pub(crate) use mcp_server as server;
}

use reexport::server::{tool, tools};

#[tool(crate = crate::accepted::crate_path::reexport::server)]
fn add(a: u8, #[arg(default = 1)] b: u8) -> u8 {
    a + b
}

struct Notes;

#[tools(crate = reexport::server)]
impl Notes {
    #[tool]
    fn read(&self) {}
}

#[test]
fn the_runtime_may_have_another_name() {
    use reexport::server::route::Provider;

    let _ = reexport::server::routes![add];
    let _ = std::sync::Arc::new(Notes).routes();
}
