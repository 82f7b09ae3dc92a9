use mcp_server::Elicit;

#[derive(serde::Deserialize)]
struct Address {
    street: String,
}

#[derive(serde::Deserialize, Elicit)]
struct Person {
    name: String,
    address: Address,
}

fn main() {}
