//! What is known about the token in use.

use std::sync::Arc;

use super::attempts::Attempts;
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::token::AccessToken;

/// The token in use.
#[derive(Debug)]
pub(crate) struct HeldToken {
    pub(crate) token: AccessToken,
    pub(super) client: Client,
    pub(super) found: Arc<Discovered>,
    /// Whether it is in the store.
    pub(super) saved: bool,
    pub(super) source: TokenSource,
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenSource {
    Store,
    Refresh,
    Grant,
}

/// What is known about the token in use.
#[derive(Default)]
pub(super) struct State {
    pub(super) held: Option<Arc<HeldToken>>,
    /// Whether the server has accepted it.
    pub(super) works: bool,
    /// Whether the server has answered without a token: what it said then was for anyone.
    pub(super) works_without_token: bool,
    pub(super) attempts: Attempts,
    /// How often the user has logged out: a token that was requested before is not used.
    pub(super) logouts: u64,
    /// What the server said when it last refused a request.
    pub(super) refused: Option<LastRefusal>,
    /// The scope that a call needs and that only the user can grant.
    pub(super) wanted_scope: Option<String>,
}

/// What the server said when it refused a request.
#[derive(Debug, Clone, Default)]
pub(super) struct LastRefusal {
    /// `resource_metadata` of its challenge.
    pub(super) resource_metadata: Option<String>,
    /// `scope` of its challenge.
    pub(super) scope: Option<String>,
}

/// The error of what began before a log-out.
pub(super) fn logged_out_meanwhile() -> Error {
    Error::new(ErrorKind::Denied, "the user has logged out meanwhile")
}

impl State {
    /// Holds a token from now on. Whether the server may take the client for another user than
    /// before.
    pub(super) fn hold(&mut self, held: HeldToken) -> bool {
        let is_other = match &self.held {
            Some(before) => before.token.grant_id != held.token.grant_id,
            None => held.source == TokenSource::Grant || self.works_without_token,
        };
        self.held = Some(Arc::new(held));
        self.works = false;
        is_other
    }

    /// Fails if the user has logged out after `since` log-outs.
    pub(super) fn check_logouts(&self, since: u64) -> Result<(), Error> {
        if self.logouts == since {
            return Ok(());
        }
        Err(logged_out_meanwhile())
    }

    /// Ends what the user has begun. The token that was held until now.
    pub(super) fn log_out(&mut self) -> Option<Arc<HeldToken>> {
        self.logouts += 1;
        self.wanted_scope = None;
        self.works = false;
        self.attempts = Attempts::default();
        self.held.take()
    }

    /// Does not hold a token any more, unless another one has taken its place.
    pub(super) fn release(&mut self, token: &Arc<HeldToken>) {
        if self.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, token)) {
            self.held = None;
            self.works = false;
        }
    }
}
