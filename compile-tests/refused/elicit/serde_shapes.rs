use mcp_server::Elicit;

#[derive(serde::Deserialize)]
struct Rest {
    name: String,
}

#[derive(serde::Deserialize, Elicit)]
struct Form {
    #[serde(flatten)]
    rest: Rest,
    #[serde(skip)]
    hidden: u8,
}

fn main() {}
