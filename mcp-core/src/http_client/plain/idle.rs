//! Connections that no call uses at the moment.

use std::sync::{Arc, Weak};
use std::time::Duration;

use http::uri::Authority;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use crate::deadline::later;
use crate::http_client::limits::NetworkLimits;
use crate::sync::Mutex;

/// Unused connections, for a limited time. Dropping it closes them.
pub(super) struct IdleConnections {
    state: Mutex<State>,
    max_per_host: usize,
    timeout: Duration,
}

#[derive(Default)]
struct State {
    /// The one that was used last is at the end.
    connections: Vec<Idle>,
    /// Closes them when their time is up.
    closer: Option<JoinHandle<()>>,
}

struct Idle {
    connection: Box<Connection>,
    until: Instant,
}

impl IdleConnections {
    pub(super) fn new(limits: &NetworkLimits) -> Self {
        Self {
            state: Mutex::default(),
            max_per_host: limits.max_idle_connections,
            timeout: limits.pool_idle_timeout,
        }
    }

    /// The connection to a host that was used last. The server may have closed it.
    pub(super) fn take(&self, authority: &Authority) -> Option<Box<Connection>> {
        let now = Instant::now();
        loop {
            let idle = {
                let connections = &mut self.state.lock().connections;
                let leads_there = |idle: &Idle| idle.connection.authority() == authority;
                let last = connections.iter().rposition(leads_there)?;
                connections.remove(last)
            };
            if now < idle.until {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection that is free, or closes it if there are too many.
    pub(super) fn keep(self: &Arc<Self>, connection: Box<Connection>) {
        if self.timeout.is_zero() {
            return;
        }
        // Without a runtime nothing would close it in time.
        let Ok(runtime) = Handle::try_current() else { return };
        let until = later(Instant::now(), self.timeout);
        let mut state = self.state.lock();
        let State { connections, closer } = &mut *state;
        if connections.len() >= self.max_per_host {
            let authority = connection.authority();
            let same = connections.iter().filter(|idle| idle.connection.authority() == authority);
            if same.count() >= self.max_per_host {
                drop(state);
                drop(connection);
                return;
            }
        }
        connections.push(Idle { connection, until });
        // It ends with its runtime.
        if closer.as_ref().is_none_or(JoinHandle::is_finished) {
            *closer = Some(runtime.spawn(close_in_time(Arc::downgrade(self), until)));
        }
    }

    /// Closes the connections whose time is up. Returns the time of the next one; without one, the
    /// next connection needs another task.
    fn close_expired(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.state.lock();
        let expired: Vec<Idle> =
            state.connections.extract_if(.., |idle| idle.until <= now).collect();
        let next = state.connections.iter().map(|idle| idle.until).min();
        if next.is_none() {
            state.closer = None;
        }
        drop(state);
        drop(expired);
        next
    }
}

/// Closes connections until there are none.
async fn close_in_time(idle: Weak<IdleConnections>, mut next: Instant) {
    loop {
        sleep_until(next).await;
        let Some(idle) = idle.upgrade() else { return };
        let Some(at) = idle.close_expired() else { return };
        next = at;
    }
}

impl Drop for IdleConnections {
    fn drop(&mut self) {
        if let Some(closer) = &self.state.lock().closer {
            closer.abort();
        }
    }
}
