use mcp_server::resource;

#[resource]
fn none() -> String {
    String::new()
}

#[resource("note://{id")]
fn open(id: String) -> String {
    id
}

#[resource("notes/all")]
fn relative() -> String {
    String::new()
}

fn main() {}
