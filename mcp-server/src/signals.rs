//! The signals that ask a server to stop.

/// Done when the process is asked to stop.
#[cfg(unix)]
pub(crate) async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            _ => {
                tracing::error!("signals cannot be watched; the server cannot be asked to stop by them");
                return std::future::pending().await;
            }
        };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Done when the process is asked to stop.
#[cfg(not(unix))]
pub(crate) async fn wait() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
