//! Tells a method that no caller waits for its result.

use tokio::sync::watch;

/// Tells a method of a module that its call has ended: it was cancelled, the client has
/// disconnected, or a limit ended it.
///
/// An async method is dropped then, and needs nothing of this. A blocking method cannot be stopped
/// from outside, so it should ask from time to time. It is in the `Extensions` of the call.
///
/// ```
/// use jsonrpsee_core::server::RpcModule;
/// use mcp_server::bridge::jsonrpsee::Cancellation;
///
/// let mut module = RpcModule::new(());
/// module.register_blocking_method("count", |_, _, extensions| {
///     let cancellation = extensions.get::<Cancellation>().cloned();
///     let is_over = || cancellation.as_ref().is_some_and(Cancellation::is_cancelled);
///     (0..1_000_000_u64).take_while(|_| !is_over()).last().unwrap_or_default()
/// })?;
/// # Ok::<(), jsonrpsee_core::RegisterMethodError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cancellation(watch::Receiver<()>);

impl Cancellation {
    /// Returns what a method gets, and what ends it by being dropped.
    pub(super) fn new() -> (Self, CancelOnDrop) {
        let (sender, receiver) = watch::channel(());
        (Self(receiver), CancelOnDrop { _sender: sender })
    }

    /// Whether the call has ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Waits until the call ends.
    ///
    /// Cancel safety: dropping the future has no effect.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.clone();
        while receiver.changed().await.is_ok() {}
    }
}

/// Ends a call when dropped. A call that is answered ends too.
#[derive(Debug)]
pub(super) struct CancelOnDrop {
    _sender: watch::Sender<()>,
}
