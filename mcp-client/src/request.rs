//! One request and its answer: the id, the timeouts, the progress.
//!
//! Dropping the future of a request cancels it on the server; so does a timeout.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, ready};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, Params, RequestId};
use mcp_core::method::Methods;
use mcp_core::service::{BoxFuture, CallError, CancelReason, Notification, Reply, Request};
use mcp_core::telemetry::{self, Operation, Outcome, Recording, Side, Target, Telemetry};
use tokio::time::{Sleep, sleep_until};

use crate::connection::Connection;
use crate::deadline::Deadlines;
use crate::error::Error;
use crate::inbound::Inbound;
use crate::progress::{Expected, OnProgress};

/// One request to be sent.
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a MethodName,
    pub(crate) id: RequestId,
    pub(crate) params: Params,
    pub(crate) on_progress: Option<&'a mut OnProgress>,
    pub(crate) recording: Option<Box<Recording>>,
    /// Says why, if the request is cancelled.
    pub(crate) cancel_reason: Option<&'a CancelReason>,
}

/// A connection with what belongs to it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) connection: Connection,
    pub(crate) inbound: Arc<Inbound>,
    /// The methods of the protocol and of the extensions.
    pub(crate) methods: Methods,
    telemetry: Option<Arc<dyn Telemetry>>,
    ids: AtomicI64,
}

impl Wire {
    pub(crate) fn new(
        connection: Connection,
        inbound: Arc<Inbound>,
        methods: &Methods,
        telemetry: Option<&Arc<dyn Telemetry>>,
    ) -> Self {
        let (methods, telemetry) = (methods.clone(), telemetry.cloned());
        Self { connection, inbound, methods, telemetry, ids: AtomicI64::new(1) }
    }

    /// A new id for this connection.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId::Number(self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// The error of a call that has failed.
    pub(crate) fn error(&self, method: impl Into<MethodName>, error: CallError) -> Error {
        self.connection.explain(Error::from_call(method, error))
    }

    /// Begins to record a request, if anybody listens.
    #[inline]
    pub(crate) fn record(
        &self,
        method: &MethodName,
        id: &RequestId,
        params: impl FnOnce() -> Option<Params>,
    ) -> Option<Box<Recording>> {
        let describe = || {
            let mut operation = Operation::new(Side::Client, method.clone());
            operation.target = params().and_then(|params| Target::of(method, &params, |_, _| true));
            operation.revision = self.inbound.revision.get().copied();
            (operation.transport, operation.server) = self.connection.network();
            operation
        };
        telemetry::begin(Side::Client, self.telemetry.as_ref(), describe, id, || None)
    }

    /// Sends a request that is not recorded yet; see [`Wire::exchange_recorded`].
    pub(crate) async fn exchange(
        &self,
        method: &'static str,
        params: impl Into<Params>,
        deadlines: &mut Deadlines,
    ) -> Result<JsonBytes, Error> {
        let (id, method) = (self.next_id(), MethodName::from(method));
        let recording = self.record(&method, &id, || None);
        let exchange = Exchange {
            method: &method,
            id,
            params: params.into(),
            on_progress: None,
            recording,
            cancel_reason: None,
        };
        self.exchange_recorded(exchange, deadlines).await
    }

    /// Sends a request and waits for its answer, until a deadline expires.
    pub(crate) async fn exchange_recorded(
        &self,
        exchange: Exchange<'_>,
        deadlines: &mut Deadlines,
    ) -> Result<JsonBytes, Error> {
        let Exchange { method, id, params, mut on_progress, mut recording, cancel_reason } =
            exchange;
        let mut expected = on_progress.is_some().then(|| self.inbound.progress.expect(id.clone()));
        let mut request = Request::new(id, method.clone(), params);
        if let Some(reason) = cancel_reason {
            request = request.with_cancel_reason(reason);
        }
        if let Some(row) = self.methods.find_extended(method) {
            request = request.with_row(row);
        }
        let mut call = pin!(self.connection.call(request));
        let mut sleep = pin!(None::<Sleep>);
        poll_fn(|cx| {
            read_progress(cx, &mut expected, &mut on_progress, deadlines);
            let polled = {
                let _entered = recording.as_ref().map(|recording| recording.enter());
                call.as_mut().poll(cx)
            };
            if let Poll::Ready(reply) = polled {
                // Progress that arrived before the answer is reported before it.
                read_progress(cx, &mut expected, &mut on_progress, deadlines);
                if let Some(mut recording) = recording.take() {
                    recording.end(&reply);
                }
                return Poll::Ready(reply.map_err(|error| self.error(method.clone(), error)));
            }
            loop {
                if sleep.is_none() {
                    // Created only now: an answer that arrives at once needs no timer.
                    sleep.set(Some(sleep_until(deadlines.next())));
                }
                if let Some(timer) = sleep.as_mut().as_pin_mut() {
                    ready!(timer.poll(cx));
                }
                if let Some(error) = deadlines.expired(method, &self.inbound.handling) {
                    if let Some(mut recording) = recording.take() {
                        recording.end_with(Outcome::TimedOut);
                    }
                    return Poll::Ready(Err(self.connection.explain(error)));
                }
                sleep.set(None); // The deadline has moved since the timer was made.
            }
        })
        .await
    }

    /// As [`Connection::call`], but the future owns all that it uses, so that it can be stored or
    /// moved to a task. The request is sent when the future is first polled, and cancelled when the
    /// future is dropped.
    pub(crate) fn call_owned(&self, request: Request) -> BoxFuture<'static, Reply> {
        let outbound = self.connection.outbound().clone();
        let recording = self.record(&request.method, &request.id, || None);
        Box::pin(async move {
            let mut call = pin!(outbound.call(request));
            let reply = poll_fn(|cx| {
                let _entered = recording.as_ref().map(|recording| recording.enter());
                call.as_mut().poll(cx)
            })
            .await;
            if let Some(mut recording) = recording {
                recording.end(&reply);
            }
            reply
        })
    }

    pub(crate) async fn notify(&self, method: impl Into<MethodName>, params: JsonBytes) {
        self.connection.notify(Notification::new(method, params)).await;
    }
}

fn read_progress(
    cx: &mut Context<'_>,
    expected: &mut Option<Expected<'_>>,
    on_progress: &mut Option<&mut OnProgress>,
    deadlines: &mut Deadlines,
) {
    let (Some(expected), Some(on_progress)) = (expected, on_progress) else { return };
    while let Poll::Ready(Some(progress)) = expected.poll_next(cx) {
        deadlines.extend();
        on_progress(progress);
    }
}
