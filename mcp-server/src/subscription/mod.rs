//! Changes, from whoever makes them to whoever listens: one hub for `subscriptions/listen` and for
//! the sessions of the legacy era. Spec: basic/patterns/subscriptions (2026-07-28),
//! server/resources.

mod change;
mod hub;

pub(crate) use change::Change;
pub(crate) use hub::{Filter, Hub, Listener};
