//! The signals that request a stop.

use futures::Stream;

/// Returns a stream with one item for each signal to stop. From this call on, the signals no longer
/// terminate the process.
#[cfg(unix)]
pub(crate) fn stops() -> impl Stream<Item = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals: Vec<_> = [SignalKind::terminate(), SignalKind::interrupt()]
        .into_iter()
        .filter_map(|kind| {
            signal(kind)
                .inspect_err(
                    |error| tracing::error!(?kind, %error, "cannot install the signal handler"),
                )
                .ok()
        })
        .collect();
    futures::stream::poll_fn(move |cx| {
        let received = signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
        if received { std::task::Poll::Ready(Some(())) } else { std::task::Poll::Pending }
    })
}

/// Returns a stream with one item for each signal to stop.
#[cfg(not(unix))]
pub(crate) fn stops() -> impl Stream<Item = ()> + Send + 'static {
    futures::stream::unfold((), |()| async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Some(((), ())),
            Err(error) => {
                tracing::error!(%error, "cannot install the Ctrl+C handler");
                None
            }
        }
    })
}
