use std::cell::Cell;

use mcp_server::tools;

struct Counter(Cell<u32>);

#[tools]
impl Counter {
    #[tool]
    fn count(&self) -> u32 {
        self.0.replace(self.0.get() + 1)
    }
}

fn main() {}
