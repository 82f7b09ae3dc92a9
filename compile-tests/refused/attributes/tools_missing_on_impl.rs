use mcp_server::tool;

struct Notes;

impl Notes {
    #[tool]
    fn read(&self) {}
}

fn main() {}
