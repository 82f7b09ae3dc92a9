//! The signals that ask a server to stop.

use std::future::Future;

/// Done when the process is asked to stop. From this call on the signals do not kill it.
#[cfg(unix)]
pub(crate) fn wait() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
            tracing::error!(
                "signals cannot be watched; the server cannot be asked to stop by them"
            );
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Done when the process is asked to stop.
#[cfg(not(unix))]
pub(crate) fn wait() -> impl Future<Output = ()> + Send + 'static {
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
