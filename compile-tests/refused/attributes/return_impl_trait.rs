use mcp_server::tool;

#[tool]
fn later() -> impl Future<Output = String> {
    async { String::new() }
}

#[tool]
fn opaque() -> Result<impl std::fmt::Display, String> {
    Ok("x")
}

fn main() {}
