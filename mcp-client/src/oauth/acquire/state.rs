//! What is known about the token in use.

use std::sync::Arc;

use super::attempts::Attempts;
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
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

    /// Holds no token any more.
    pub(super) fn release(&mut self) {
        self.held = None;
        self.works = false;
    }
}
