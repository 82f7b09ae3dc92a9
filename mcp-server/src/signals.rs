//! The signals that ask a server to stop.

use futures::Stream;

/// One item for each request to stop the process. From this call on the signals do not kill it.
#[cfg(unix)]
pub(crate) fn stops() -> impl Stream<Item = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals: Vec<_> = [SignalKind::terminate(), SignalKind::interrupt()]
        .into_iter()
        .filter_map(|kind| {
            signal(kind)
                .inspect_err(|error| tracing::error!(?kind, %error, "the signal cannot be handled"))
                .ok()
        })
        .collect();
    futures::stream::poll_fn(move |cx| {
        let received = signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
        if received { std::task::Poll::Ready(Some(())) } else { std::task::Poll::Pending }
    })
}

/// One item for each request to stop the process.
#[cfg(not(unix))]
pub(crate) fn stops() -> impl Stream<Item = ()> + Send + 'static {
    futures::stream::unfold((), |()| async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Some(((), ())),
            Err(error) => {
                tracing::error!(%error, "Ctrl+C cannot be handled");
                None
            }
        }
    })
}
