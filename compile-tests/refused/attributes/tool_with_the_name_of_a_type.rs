use mcp_server::{prompt, tool, tools};

#[tool]
fn char(code: u32) -> Option<String> {
    std::char::from_u32(code).map(String::from)
}

#[prompt]
fn str() -> String {
    String::new()
}

struct Types;

// A method has no companion type.
#[tools]
impl Types {
    #[tool]
    fn u8(&self) -> u8 {
        8
    }
}

fn main() {}
