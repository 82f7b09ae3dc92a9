//! Waiting for what must happen.

use std::time::Duration;

use tokio::time::timeout;

/// Waits for something that takes real time: sockets, child processes.
///
/// # Panics
/// After 20 seconds.
pub async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.expect("an end within 20 seconds")
}

/// Waits for `what`, with a paused clock: it advances only when every task is idle, so a wait for
/// something that never happens ends at once. An hour is longer than every default limit.
///
/// # Panics
/// After an hour.
pub async fn within_an_hour<F: Future>(what: &str, future: F) -> F::Output {
    timeout(Duration::from_secs(3_600), future)
        .await
        .unwrap_or_else(|_| panic!("not within an hour: {what}"))
}

/// Lets all other tasks run until they are idle, without advancing a paused clock.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Lets a call and the peer's part of it run together.
pub async fn with<T>(call: impl IntoFuture<Output = T>, serve: impl Future<Output = ()>) -> T {
    tokio::join!(call.into_future(), serve).0
}
