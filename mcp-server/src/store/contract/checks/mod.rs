//! The single checks. Each opens its own store, and panics if the store breaks a rule.

pub mod expiry;
pub mod feed;
pub mod journal;
pub mod leases;
pub mod owners;
pub mod quotas;
pub mod records;
pub mod updates;

mod support;
