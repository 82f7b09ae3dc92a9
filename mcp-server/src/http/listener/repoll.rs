//! A connection that wakes itself while it is polled is polled again at once.
//!
//! hyper does that for each POST: the handler asks for the body, which wakes the connection that
//! has to read it, and one task polls both.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is polled again when it wakes itself.
#[derive(Debug)]
pub(super) struct Repolled<F> {
    pub(super) future: F,
    repoll: mcp_core::repoll::Repoll,
}

impl<F> Repolled<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future, repoll: mcp_core::repoll::Repoll::new() }
    }
}

impl<F: Future + Unpin> Future for Repolled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, repoll } = &mut *self;
        repoll.poll(cx, |cx| Pin::new(&mut *future).poll(cx))
    }
}
