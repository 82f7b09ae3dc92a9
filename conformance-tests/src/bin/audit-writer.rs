//! A process that writes audit records as fast as it can, for the tests in `tests/kill`, which kill
//! it.
//!
//! `audit-writer FILE` prints `kept HASH` to standard error whenever some records are on the disk.
//! It ends when its standard input is closed, so that it does not outlive a test that was killed.

use std::io::{Read as _, Write as _};

use mcp_server::audit::{AuditError, AuditEvent, AuditLog, Outcome};

/// Number of tasks that write at the same time. Their records are written together.
const WRITERS: usize = 64;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: audit-writer FILE")?;
    let log = AuditLog::builder().open(path)?;
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write(log.clone(), writer)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    Ok(())
}

async fn write(log: AuditLog, writer: usize) -> Result<(), AuditError> {
    for number in 0.. {
        let event = AuditEvent::new(AuditEvent::TOOL_CALL, Outcome::Allowed)
            .tool("work")
            .detail("number", format!("{writer}-{number}"));
        log.record(event).await?;
        if writer == 0
            && let Some(head) = log.head()
        {
            // The test has gone if this fails.
            drop(writeln!(std::io::stderr(), "kept {}", head.event_hash));
        }
    }
    Ok(())
}
