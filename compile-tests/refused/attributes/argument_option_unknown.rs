use mcp_server::tool;

#[tool]
fn weather(#[arg(rename = "town")] city: String, #[arg(max = 3)] days: u8) -> String {
    format!("{city} {days}")
}

fn main() {}
