//! Change notifications: one hub for `subscriptions/listen` and for the sessions of the legacy era.
//! Spec: basic/patterns/subscriptions (2026-07-28), server/resources.

mod change;
mod hub;
#[cfg(feature = "http")]
mod pending_changes;

pub(crate) use change::Change;
pub(crate) use hub::{Filter, Hub, Listener, Watch};
#[cfg(feature = "http")]
pub(crate) use pending_changes::PendingChanges;
