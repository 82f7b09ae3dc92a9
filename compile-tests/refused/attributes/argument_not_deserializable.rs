use mcp_server::tool;

struct Region;

#[tool]
fn weather(city: String, region: Region) -> String {
    let _ = region;
    city
}

fn main() {}
