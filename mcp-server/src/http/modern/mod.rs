//! Requests of the modern era, since 2026-07-28.

mod call;
mod outbox;
mod request;

pub(super) use request::{begin, notification, response};
