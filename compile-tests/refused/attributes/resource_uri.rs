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

#[resource("note://all{?limit}")]
fn query(limit: u32) -> String {
    limit.to_string()
}

#[resource("note://{book}{page}")]
fn adjacent(book: String, page: u32) -> String {
    format!("{book} {page}")
}

fn main() {}
