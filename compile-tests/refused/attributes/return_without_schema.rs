use mcp_server::tool;

struct Report;

#[tool]
fn report() -> Report {
    Report
}

#[tool]
async fn report_or_not() -> Result<Report, String> {
    Ok(Report)
}

fn main() {}
