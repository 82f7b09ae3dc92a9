use mcp_server::routes;

fn add(a: i64, b: i64) -> i64 {
    a + b
}

struct Notes;

fn main() {
    let _ = add(1, 2);
    let _ = routes![add];
    let _ = routes![Notes];
}
