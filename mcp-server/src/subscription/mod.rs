//! Changes, from whoever makes them to whoever listens: one hub for `subscriptions/listen` and for the
//! sessions of the legacy era. Spec: basic/patterns/subscriptions (2026-07-28), server/resources.

mod hub;

pub(crate) use hub::{Change, Filter, Hub, Listener};
