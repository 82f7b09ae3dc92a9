use mcp_server::tools;

struct Notes;

#[tools]
impl Notes {
    #[tool]
    fn read(&self) {}

    #[tool(name = "read")]
    fn read_all(&self) {}

    #[resource("note://{id}")]
    fn one(&self, id: String) -> String {
        id
    }

    #[resource("note://{id}")]
    fn other(&self, id: String) -> String {
        id
    }

    // A prompt may have the name of a tool.
    #[prompt(name = "read")]
    fn ask(&self) -> String {
        String::new()
    }
}

fn main() {}
