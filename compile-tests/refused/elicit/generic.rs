use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
struct Wrapper<T> {
    inner: T,
}

fn main() {}
