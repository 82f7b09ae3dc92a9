use mcp_server::tools;

struct Notes;

#[tools]
impl Notes {
    #[tool]
    fn read(&self) {}
}

#[tools]
impl Notes {
    #[tool]
    fn write(&self) {}
}

fn main() {}
