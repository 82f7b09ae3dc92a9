use mcp_server::tools;

struct Notes;

#[tools]
impl Notes {
    fn read(&self) {}
}

fn main() {}
