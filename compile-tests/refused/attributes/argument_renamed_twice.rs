use mcp_server::tool;

#[tool]
fn copy(from: String, #[arg(name = "from")] to: String) -> String {
    from + &to
}

fn main() {}
