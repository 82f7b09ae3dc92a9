//! The keys of an authorization server, as they were fetched last.
//!
//! Keys are fetched when the first token arrives. While they are known, nothing waits: they are
//! refreshed in the background. A token with an unknown key waits for one refresh, which all such
//! tokens share, and which does not start sooner than a minimum time after the last one. Until
//! then, a token is undecided if it may have been issued after the last one, because its key may be
//! new. A failed refresh keeps the known keys, and so does one without a usable key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jose::JwkSet;
use mcp_core::sync::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::fetch_keys::KeyFetcher;
use super::limits::JwtLimits;
use crate::auth::VerifyError;

/// The SHA-256 of a key id.
pub(super) type KeyHash = [u8; 32];

/// The keys of one authorization server. Clones share them.
#[derive(Clone)]
pub(super) struct KeyCache(Arc<Shared>);

struct Shared {
    source: Source,
    limits: JwtLimits,
    state: Mutex<State>,
}

enum Source {
    Fixed(Keys),
    Fetched(KeyFetcher),
}

/// Keys, and which fetch they are from.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) set: Arc<JwkSet>,
    generation: u64,
}

#[derive(Default)]
struct State {
    keys: Option<(Keys, Instant)>,
    /// When the last refresh began, and why it failed, if it did.
    attempt: Option<(Instant, Option<Arc<str>>)>,
    /// A refresh that runs. Its sender is dropped when it ends.
    flight: Option<watch::Receiver<()>>,
    /// Keys that the authorization server does not have, and until when it is not asked again.
    unknown: HashMap<KeyHash, Instant>,
}

impl State {
    /// Whether the last keys were fetched before a token was issued that is at least `age` old, so
    /// that it may be signed with a newer key.
    fn may_have_newer_key(&self, age: Option<Duration>) -> bool {
        let Some((at, _)) = &self.attempt else { return false };
        age.is_some_and(|age| age <= at.elapsed())
    }
}

impl KeyCache {
    pub(super) fn fixed(set: JwkSet, limits: JwtLimits) -> Self {
        Self::new(Source::Fixed(Keys { set: Arc::new(set), generation: 0 }), limits)
    }

    pub(super) fn fetched(fetcher: KeyFetcher, limits: JwtLimits) -> Self {
        Self::new(Source::Fetched(fetcher), limits)
    }

    fn new(source: Source, limits: JwtLimits) -> Self {
        Self(Arc::new(Shared { source, limits, state: Mutex::default() }))
    }

    /// Returns the keys that are known. Keys that are old are refreshed in the background.
    pub(super) fn known(&self) -> Option<Keys> {
        if let Source::Fixed(keys) = &self.0.source {
            return Some(keys.clone());
        }
        let limits = &self.0.limits;
        let mut state = self.0.state.lock();
        let (keys, fetched_at) = state.keys.clone()?;
        let age = fetched_at.elapsed();
        if age >= limits.max_key_age {
            let _ = self.refresh(&mut state); // Not waited for.
        }
        (age < limits.max_stale_key_age).then_some(keys)
    }

    /// Returns keys that are newer than `known`, for a token whose key is not among those and which
    /// was issued at least `age` ago, if that is known.
    ///
    /// # Errors
    /// Invalid if the keys are newer than the token. Undecided if they could not be fetched, or it
    /// is too soon to fetch those that the token may be signed with.
    /// Dropping the future does not end a refresh, which others may wait for.
    pub(super) async fn newer(
        &self,
        known: Option<&Keys>,
        key: Option<&KeyHash>,
        age: Option<Duration>,
    ) -> Result<Keys, VerifyError> {
        if matches!(self.0.source, Source::Fixed(_)) {
            return Err(unknown_key());
        }
        let generation = known.map_or(0, |keys| keys.generation);
        let flight = {
            let mut state = self.0.state.lock();
            if let Some(keys) = self.fresh(&state, generation) {
                return Ok(keys);
            }
            let may_be_newer = state.may_have_newer_key(age);
            let until = key.and_then(|key| state.unknown.get(key));
            let is_unknown = until.is_some_and(|until| *until > Instant::now());
            if known.is_some() && is_unknown && !may_be_newer {
                return Err(unknown_key());
            }
            match self.refresh(&mut state) {
                Some(flight) => flight,
                None => return Err(self.too_soon(&state, age)),
            }
        };
        let mut flight = flight;
        let _ = flight.changed().await; // An error when the sender is dropped.
        let state = self.0.state.lock();
        self.fresh(&state, generation).ok_or_else(|| self.too_soon(&state, age))
    }

    /// Remembers a key that the authorization server does not have.
    pub(super) fn remember_unknown(&self, key: KeyHash) {
        let limits = &self.0.limits;
        let now = Instant::now();
        let mut state = self.0.state.lock();
        if state.unknown.len() >= limits.max_unknown_keys {
            state.unknown.retain(|_, until| *until > now);
        }
        // One that does not fit is refused all the same, by the time between two refreshes.
        if state.unknown.len() < limits.max_unknown_keys
            && let Some(until) = now.checked_add(limits.unknown_key_ttl)
        {
            state.unknown.insert(key, until);
        }
    }

    /// The keys, if they are usable and of a later fetch.
    fn fresh(&self, state: &State, generation: u64) -> Option<Keys> {
        let (keys, fetched_at) = state.keys.as_ref()?;
        let is_usable = fetched_at.elapsed() < self.0.limits.max_stale_key_age;
        (is_usable && keys.generation > generation).then(|| keys.clone())
    }

    /// Why there are no newer keys, after a refresh or instead of one.
    fn too_soon(&self, state: &State, age: Option<Duration>) -> VerifyError {
        match &state.attempt {
            Some((at, None)) if state.may_have_newer_key(age) => {
                let reason = "the key of the token may be newer than those that are known";
                VerifyError::undecided(reason, self.until_next(*at).max(SECOND))
            }
            Some((_, None)) => unknown_key(),
            Some((at, Some(reason))) => {
                VerifyError::undecided(&**reason, self.until_next(*at).max(SECOND))
            }
            None => VerifyError::undecided("the keys are not known", SECOND),
        }
    }

    fn until_next(&self, attempt: Instant) -> Duration {
        self.0.limits.min_refresh_interval.saturating_sub(attempt.elapsed())
    }

    /// Returns the refresh that runs, or starts one. `None` if it is too soon for another one.
    fn refresh(&self, state: &mut State) -> Option<watch::Receiver<()>> {
        // One whose task has ended, by a panic for example, is over.
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(flight.clone());
        }
        if state.attempt.as_ref().is_some_and(|(at, _)| !self.until_next(*at).is_zero()) {
            return None;
        }
        let interrupted = Some("the last refresh of the keys was interrupted".into());
        state.attempt = Some((Instant::now(), interrupted));
        let (ends, flight) = watch::channel(());
        state.flight = Some(flight.clone());
        let cache = self.clone();
        tokio::spawn(async move {
            cache.run_refresh().await;
            drop(ends);
        });
        Some(flight)
    }

    async fn run_refresh(&self) {
        let Source::Fetched(fetcher) = &self.0.source else { return };
        let limits = &self.0.limits;
        let fetched = match timeout(limits.refresh_timeout, fetcher.fetch(limits)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!(
                "the keys did not arrive within {:?} (`JwtLimits::refresh_timeout`)",
                limits.refresh_timeout
            )),
        };
        let mut state = self.0.state.lock();
        state.flight = None;
        let has_usable = |set: &JwkSet| !set.keys().is_empty();
        let fetched = fetched.and_then(|set| {
            let has_known = state.keys.as_ref().is_some_and(|(keys, _)| has_usable(&keys.set));
            // A mistake of the authorization server, which does not make known keys invalid.
            match has_usable(&set) || !has_known {
                true => Ok(set),
                false => Err("the fetched set has no key that can be used".to_owned()),
            }
        });
        let Some((_, failure)) = &mut state.attempt else { return };
        match fetched {
            Ok(set) => {
                *failure = None;
                let generation = state.keys.as_ref().map_or(0, |(keys, _)| keys.generation) + 1;
                let keys = Keys { set: Arc::new(set), generation };
                state.keys = Some((keys, Instant::now()));
            }
            Err(reason) => {
                tracing::warn!(%reason, "the keys of an authorization server were not fetched");
                *failure = Some(reason.into());
            }
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn unknown_key() -> VerifyError {
    VerifyError::invalid("the authorization server has no key that fits the token")
}
