use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
#[elicit(title = "A form")]
struct Form {
    #[elicit(format = "phone")]
    phone: String,
    #[elicit(pattern = "[a-z]+")]
    name: String,
    #[elicit(title)]
    age: u8,
    #[elicit(min_length = 1, min_length = 2)]
    twice: String,
}

fn main() {}
