//! A value of another type is wrapped in `Structured`.

use mcp_server::tool::ToolRoute;

struct Report;

async fn report() -> Report {
    Report
}

fn main() {
    let _ = ToolRoute::builder("report").handler(report);
}
