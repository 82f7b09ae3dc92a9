use mcp_server::Elicit;

#[derive(Elicit)]
struct Form {
    name: String,
}

fn main() {}
