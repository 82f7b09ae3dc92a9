//! Requests that run, which all clients with the same token share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::sync::watch;

use super::rejected::Key;
use crate::auth::tokens::verifier::{VerifiedToken, VerifyError};

pub(super) type Decision = Result<VerifiedToken, VerifyError>;

/// Requests that run, by their token. Each has a permit, which bounds their number.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, Flight>>>);

/// A request that runs.
#[derive(Clone)]
pub(super) struct Flight(watch::Receiver<Option<Decision>>);

/// The end of a request. Dropped without a decision, as by a panic, it leaves the token undecided.
pub(super) struct Landing {
    flights: Flights,
    key: Key,
    decision: watch::Sender<Option<Decision>>,
}

impl Flights {
    /// The request about a token, if one runs.
    pub(super) fn get(&self, key: &Key) -> Option<Flight> {
        self.0.lock().get(key).cloned()
    }

    /// The request about a token, and its end if it begins now.
    pub(super) fn begin(&self, key: Key) -> (Flight, Option<Landing>) {
        let mut flights = self.0.lock();
        if let Some(flight) = flights.get(&key) {
            return (flight.clone(), None);
        }
        let (decision, flight) = watch::channel(None);
        let flight = Flight(flight);
        flights.insert(key, flight.clone());
        (flight, Some(Landing { flights: self.clone(), key, decision }))
    }
}

impl Flight {
    /// Waits for the end of the request. Cancel safety: the request goes on.
    pub(super) async fn decision(mut self) -> Decision {
        match self.0.wait_for(Option::is_some).await {
            Ok(decision) => decision.clone().unwrap_or_else(|| Err(interrupted())),
            Err(_) => Err(interrupted()),
        }
    }
}

fn interrupted() -> VerifyError {
    VerifyError::undecided("the introspection was interrupted", Duration::from_secs(1))
}

impl Landing {
    pub(super) fn land(self, decision: Decision) {
        self.decision.send_replace(Some(decision));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_is_interrupted_decides_nothing_and_is_repeated() {
        let flights = Flights::default();
        let (flight, landing) = flights.begin([0; 32]);
        let (second, none) = flights.begin([0; 32]);
        assert!(none.is_none() && flights.get(&[1; 32]).is_none());
        drop(landing);
        for flight in [flight, second] {
            assert!(matches!(flight.decision().await, Err(VerifyError::Undecided { .. })));
        }
        let (flight, landing) = flights.begin([0; 32]);
        landing.unwrap().land(Err(VerifyError::invalid("no")));
        assert_eq!(flight.decision().await.unwrap_err(), VerifyError::invalid("no"));
        assert!(flights.get(&[0; 32]).is_none());
    }
}
