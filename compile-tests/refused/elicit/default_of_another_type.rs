use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Form {
    #[elicit(default = true)]
    age: u8,
    #[elicit(default = 3)]
    name: String,
}

fn main() {}
