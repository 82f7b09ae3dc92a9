use mcp_server::tool;

#[tool]
fn query(#[arg(header = "Region")] region: String, #[arg(header = "REGION")] zone: String) -> String {
    region + &zone
}

fn main() {}
