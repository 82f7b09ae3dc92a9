//! The signals that ask a server to stop.

use std::time::Duration;

/// Done when the process is asked to stop.
///
/// From then on the process ends within `patience`, come what may: a handler that blocks its thread cannot be
/// dropped, and the runtime would wait for it.
pub(crate) async fn stop(patience: Duration) {
    wait().await;
    tracing::info!("asked to stop");
    let guard = move || {
        std::thread::sleep(patience);
        tracing::error!("a handler blocks the runtime; leaving it behind");
        std::process::exit(1);
    };
    if let Err(error) = std::thread::Builder::new().name("mcp-stop".into()).spawn(guard) {
        tracing::error!(%error, "no thread to watch over the stop");
    }
}

#[cfg(unix)]
async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            _ => {
                tracing::error!("signals cannot be watched; only the end of input stops the server");
                return std::future::pending().await;
            }
        };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn wait() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
