//! The single checks. Each opens its own store, and panics if the store breaks a rule.

#[cfg(feature = "http")]
pub mod bus;
#[cfg(feature = "http")]
pub mod events;
pub mod expiry;
pub mod feed;
pub mod journal;
pub mod leases;
#[cfg(feature = "http")]
pub mod nonces;
pub mod owners;
pub mod quotas;
pub mod records;
#[cfg(feature = "http")]
pub mod session_expiry;
#[cfg(feature = "http")]
pub mod session_quotas;
#[cfg(feature = "http")]
pub mod sessions;
pub mod updates;

mod support;
