use mcp_server::Elicit;

#[derive(serde::Deserialize, Elicit)]
enum Payment {
    Cash,
    Card { number: String },
    Voucher(u32),
}

fn main() {}
