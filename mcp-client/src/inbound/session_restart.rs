//! A legacy session that the server ended and the transport began again. The client tells the new
//! session what it watches, and all streams report the gap. Spec: basic/transports, "Session
//! Management" (SH-8).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mcp_core::method::{Method as _, ResourcesSubscribe};
use mcp_core::text::PeerText;

use super::service::Inbound;
use super::session_observer::SessionObserver;
use crate::error::Error;

/// Sessions that may end one after the other while the client sets up the next. Fixed: a server
/// that ends more does not keep any.
const MAX_RESTARTS: usize = 8;

impl Inbound {
    /// Has new sessions set up by `observer`. Called once for each connection.
    pub(crate) fn observe_sessions(&self, observer: impl SessionObserver + 'static) {
        let _ = self.observer.set(Box::new(observer));
    }

    /// The transport began a legacy session again.
    #[cfg_attr(
        not(any(feature = "http", test)),
        expect(dead_code, reason = "only HTTP has sessions")
    )]
    pub(crate) fn session_restarted(self: &Arc<Self>) {
        if self.restarts.fetch_add(1, Ordering::AcqRel) > 0 {
            return; // The task that runs takes care of this one too.
        }
        let inbound = Arc::clone(self);
        tokio::spawn(async move {
            for _ in 0..MAX_RESTARTS {
                let seen = inbound.restarts.load(Ordering::Acquire);
                if let Some(observer) = inbound.observer.get() {
                    observer.session_restarted().await;
                }
                let done =
                    inbound.restarts.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire);
                if done.is_ok() {
                    return inbound.missed();
                }
            }
            tracing::warn!("the server ends each session at once");
            inbound.restarts.store(0, Ordering::Release);
            inbound.missed();
        });
    }

    /// Ends the subscriptions that watch a resource which the new session does not report.
    pub(crate) fn cannot_watch(&self, uri: &str, error: &Error) {
        self.hub.fail_watchers(uri, || {
            let message =
                format!("{} cannot be watched in the new session: {error}", PeerText::new(uri));
            Error::new(error.kind(), message).during(ResourcesSubscribe::NAME)
        });
    }
}
