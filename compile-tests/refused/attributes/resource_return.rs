use mcp_server::resource;

struct Page;

#[resource("page://one")]
fn one() -> Page {
    Page
}

#[resource("page://all")]
async fn all() -> Result<Vec<Page>, std::io::Error> {
    Ok(Vec::new())
}

fn main() {}
