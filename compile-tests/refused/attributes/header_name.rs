use mcp_server::tool;

#[tool]
fn query(#[arg(header = "My Region")] region: String, #[arg(header = "")] zone: String) -> String {
    region + &zone
}

fn main() {}
