use mcp_server::tools;

struct Notes;

#[tools]
impl Notes {
    #[tool]
    #[prompt]
    fn read(&self) -> String {
        String::new()
    }
}

fn main() {}
