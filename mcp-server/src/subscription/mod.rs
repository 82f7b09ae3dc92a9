//! Change notifications: one hub for `subscriptions/listen` and for the sessions of the legacy era.
//! Spec: basic/patterns/subscriptions (2026-07-28), server/resources.

mod change;
mod hub;
#[cfg(feature = "http")]
mod outbox;

pub(crate) use change::Change;
pub(crate) use hub::{Filter, Hub, Listener, Watch};
#[cfg(feature = "http")]
pub(crate) use outbox::Outbox;
