use mcp_server::tools;

struct Notes;

#[tools(name = "notes")]
impl Notes {
    #[tool("read")]
    fn read(&self) {}

    #[tool(crate = mcp_server)]
    fn write(&self) {}

    #[tool(annotations(read_only = true))]
    fn list(&self) {}

    #[tool = "append"]
    fn append(&self) {}
}

fn main() {}
