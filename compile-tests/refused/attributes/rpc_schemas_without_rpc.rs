#[mcp_server::bridge::jsonrpsee::rpc_schemas]
pub trait Chain {
    fn height(&self) -> u64;
}

fn main() {}
