use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Form {
    #[elicit(min_length = 3)]
    age: u8,
    #[elicit(min = 3)]
    name: String,
    #[elicit(max_items = 2)]
    sure: bool,
    #[elicit(format = "email")]
    number: f64,
}

fn main() {}
