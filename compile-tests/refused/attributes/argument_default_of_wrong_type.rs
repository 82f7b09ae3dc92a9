use mcp_server::tool;

#[tool]
fn page(#[arg(default = "ten")] size: f32) -> f32 {
    size
}

#[tool]
fn scale(#[arg(default = 1)] factor: f64) -> f64 {
    factor
}

fn main() {}
