//! One attempt to obtain a token, shared by all calls that need it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::Shared;
use mcp_core::service::BoxFuture;
use mcp_core::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::acquirer::Acquirer;
use super::need::Need;
use crate::http::Refusal;
use crate::oauth::error::{Error, ErrorKind};

/// An attempt to obtain a token that is under way. Every clone gets its outcome.
pub(crate) type Flight = Shared<BoxFuture<'static, Result<(), Error>>>;

/// The attempts of one authorizer: one at a time.
#[derive(Clone)]
pub(crate) struct Flights {
    acquirer: Arc<Acquirer>,
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    flight: Option<Flight>,
    /// When a renewal may be tried again.
    renew_at: Option<Instant>,
}

impl Flights {
    pub(crate) fn new(acquirer: Acquirer) -> Self {
        Self { acquirer: Arc::new(acquirer), current: Arc::default() }
    }

    pub(crate) fn acquirer(&self) -> &Arc<Acquirer> {
        &self.acquirer
    }

    /// The attempt to wait for before a request is sent, if the token has to be renewed first.
    pub(crate) fn renewal(&self) -> Option<Flight> {
        let environment = &self.acquirer.environment;
        let mut current = self.current.lock();
        let held = self.acquirer.held()?;
        if !self.acquirer.can_renew(&held) || !environment.is_due(&held.token) {
            return None;
        }
        if let Some(flight) = &current.flight {
            // It may wait for a user; as long as the token is valid, requests need not wait.
            return held.token.is_expired(environment.now()).then(|| flight.clone());
        }
        if current.renew_at.is_some_and(|at| Instant::now() < at) {
            return None;
        }
        current.renew_at = Some(Instant::now() + environment.limits.renewal_retry_interval);
        Some(self.join(&mut current, Need::Renewal))
    }

    /// The attempt to wait for after a refusal; `None` if another token would not help.
    pub(crate) fn after_refusal(&self, refusal: &Refusal) -> Result<Option<Flight>, Error> {
        let Some(need) = self.acquirer.need_of(refusal)? else { return Ok(None) };
        // A flight holds its token before it gives up this lock.
        let mut current = self.current.lock();
        if self.acquirer.has_other_token(refusal) {
            return Ok(Some(std::future::ready(Ok(())).boxed().shared()));
        }
        self.acquirer.forget_attempts_if_worked(&need);
        Ok(Some(self.join(&mut current, need)))
    }

    /// Joins the attempt that is under way, or starts one. It is a task of its own: the call that
    /// needed it first may be dropped, but a refresh token that is used must not be lost with it.
    fn join(&self, current: &mut Current, need: Need) -> Flight {
        // One that ended and is still here was a task of a runtime that has ended.
        if let Some(flight) = current.flight.as_ref().filter(|flight| flight.peek().is_none()) {
            return flight.clone();
        }
        let flights = self.clone();
        let work = async move {
            let result = flights.run_flight(&need).await;
            let mut current = flights.current.lock();
            current.flight = None;
            if result.is_ok() {
                current.renew_at = None;
            }
            result
        };
        let task = tokio::spawn(work.in_current_span());
        let flight = async move {
            task.await.unwrap_or_else(|_| {
                let message = "the runtime ended before there was a token";
                Err(Error::new(ErrorKind::Unreachable, message))
            })
        };
        let flight = flight.boxed().shared();
        current.flight = Some(flight.clone());
        flight
    }

    async fn run_flight(&self, need: &Need) -> Result<(), Error> {
        let limit = self.acquirer.environment.limits.authorization_timeout;
        let acquired = AssertUnwindSafe(self.acquirer.acquire(need)).catch_unwind();
        match timeout(limit, acquired).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                let message = "a callback that the application gave to the authorizer panicked";
                Err(Error::new(ErrorKind::Configuration, message))
            }
            Err(_) => {
                let message = format!(
                    "there was no token after {limit:?} (`OAuthLimits::authorization_timeout`)"
                );
                Err(Error::new(ErrorKind::TimedOut, message))
            }
        }
    }
}
