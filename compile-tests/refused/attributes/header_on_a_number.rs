use mcp_server::tool;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Price {
    cents: u32,
}

#[tool]
fn query(#[arg(header = "Limit")] limit: f64, #[arg(header = "Tags")] tags: Vec<String>) -> String {
    format!("{limit} {tags:?}")
}

#[tool]
fn buy(#[arg(header = "Price")] price: Price) -> String {
    price.cents.to_string()
}

fn main() {}
