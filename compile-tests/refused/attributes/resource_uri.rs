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

#[resource("note://all{?limits*}")]
fn query(limits: String) -> String {
    limits
}

#[resource("note://all{?limit}/raw")]
fn after_query(limit: u32) -> String {
    limit.to_string()
}

#[resource("note://all{&limit}")]
fn continued(limit: u32) -> String {
    limit.to_string()
}

#[resource("note://{book}{page}")]
fn adjacent(book: String, page: u32) -> String {
    format!("{book} {page}")
}

fn main() {}
