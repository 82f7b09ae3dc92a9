use mcp_server::resource;

#[resource(uri = "note://all")]
fn by_name() -> String {
    String::new()
}

#[resource(uri_template = "note://{id}", mime = "text/plain")]
fn template(id: String) -> String {
    id
}

fn main() {}
