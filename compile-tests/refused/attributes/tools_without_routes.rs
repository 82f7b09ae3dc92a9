use mcp_server::{Server, tools};

struct Notes;

#[tools]
impl Notes {
    fn read(&self) {}
}

struct Empty;

#[tools]
impl Empty {}

fn main() {
    let _ = Server::builder("notes", "1").with(Notes).with(Empty);
}
