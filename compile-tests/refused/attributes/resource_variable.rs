use mcp_server::resource;

#[resource("note://{id}/{part}")]
fn missing(id: String) -> String {
    id
}

#[resource("note://{id}")]
fn surplus(id: String, part: String) -> String {
    id + &part
}

#[resource("config://app")]
fn fixed(name: String) -> String {
    name
}

fn main() {}
