use mcp_server::tools;

struct Notes(u32);

#[tools]
impl Notes {
    #[tool]
    fn write(&mut self) {
        self.0 += 1;
    }

    #[tool]
    fn close(self) {}

    #[tool]
    fn boxed(self: Box<Self>) {}
}

fn main() {}
