//! Every HTTP request of authorization. A server chose the URLs, so each is hostile until it is
//! checked: `guard` checks what a URL says, `resolver` what its host resolves to, and `fetcher`
//! sends the request.
//!
//! Nothing here knows OAuth except the shape of its errors.

mod address;
mod fetcher;
mod guard;
mod host;
mod resolver;
#[cfg(test)]
mod url_tables;

pub(crate) use fetcher::{Fetched, Fetcher};
pub(crate) use guard::Guard;
pub(crate) use host::PrivateHosts;
