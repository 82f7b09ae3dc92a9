//! What arrives from the server: its requests, its notifications, and where each of them goes.

mod notification_hub;
mod open_calls;
mod refused_methods;
mod service;
mod session_observer;
mod session_restart;
mod subscription_table;
mod unreadable;

#[cfg(feature = "http")]
pub(crate) use open_calls::CameWith;
pub(crate) use service::Inbound;
pub(crate) use session_observer::SessionObserver;
pub(crate) use subscription_table::Acknowledged;
