use mcp_server::tools;

struct Notes;

trait Read {
    fn read(&self);
}

#[tools]
impl Read for Notes {
    #[tool]
    fn read(&self) {}
}

fn main() {}
