use mcp_server::tool;

#[tool]
fn parse<T: std::str::FromStr>(text: String) -> String {
    text.parse::<T>().map_or_else(|_| "no".to_owned(), |_| "yes".to_owned())
}

fn main() {}
