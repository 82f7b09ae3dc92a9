//! An audit log: a server that records its calls, and the verification of what it has recorded.
//!
//! `cargo run -p mcp-examples --features audit --example audit -- demo audit.jsonl`
//! `cargo run -p mcp-examples --features audit --example audit -- verify audit.jsonl`
//!
//! `demo` makes three calls and writes the hash of the last record to standard error. `verify` says
//! whether the file is as it was written, or names the first record that is not, and exits with 1
//! then. `--anchor HASH` expects a record with this hash, and `--after HASH` is for a file that was
//! rotated: it is the hash of the last record of the file before.

use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;

use mcp_client::Client;
use mcp_server::audit::{AuditLog, Verifier};
use mcp_server::layer::AuditLayer;
use mcp_server::{Server, ToolError, routes, tool};
use serde_json::json;

const USAGE: &str = "usage: audit demo FILE | audit verify FILE [--anchor HASH] [--after HASH]";

/// Pay an invoice.
#[tool]
async fn pay(invoice: String, amount: u32) -> Result<String, ToolError> {
    if amount > 1_000 {
        return Err(ToolError::new("at most 1000"));
    }
    Ok(format!("paid {amount} for {invoice}"))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["demo", path] => demo(path).await,
        ["verify", path, options @ ..] => verify(path, options),
        _ => Err(USAGE.into()),
    }
}

async fn demo(path: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let log = AuditLog::builder().open(path)?;
    let server = Server::builder("payments", "1.0.0")
        .routes(routes![pay])
        .layer(AuditLayer::new(log.clone()))
        .build()?;
    let client = Client::connect_memory(&server).await?;
    for amount in [10, 500, 5_000] {
        let arguments = json!({ "invoice": "2026-17", "amount": amount });
        // The last call fails, which is recorded like the others.
        drop(client.call_tool("pay", &arguments).await?);
    }
    log.close().await?;
    if let Some(head) = log.head() {
        eprintln!("the last record is {}", head.event_hash);
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(path: &str, options: &[&str]) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (pairs, rest) = options.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(USAGE.into());
    }
    let mut verifier = Verifier::new();
    for [option, hash] in pairs {
        verifier = match *option {
            "--anchor" => verifier.anchor(*hash),
            "--after" => verifier.after(*hash),
            _ => return Err(USAGE.into()),
        };
    }
    match verifier.verify(BufReader::new(File::open(path)?)) {
        Ok(report) => {
            let head = report.head.as_deref().unwrap_or("none");
            eprintln!("{path}: {} records are intact; the last one is {head}", report.records);
            if report.torn > 0 {
                eprintln!("{path}: {} writes were interrupted, which is recorded", report.torn);
            }
            if report.lost_records > 0 {
                eprintln!("{path}: {} records were lost, which is recorded", report.lost_records);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            eprintln!("{path}: {fault}");
            Ok(ExitCode::FAILURE)
        }
    }
}
