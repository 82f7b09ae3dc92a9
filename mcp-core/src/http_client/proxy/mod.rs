//! Proxies: requests that go to the host of another program, which passes them on.
//!
//! `settings` says which requests go where, `connector` opens the connections, and `proxied` sends
//! requests over them.

mod connector;
mod proxied;
mod settings;

pub(super) use proxied::Proxied;
pub use settings::ProxySettings;
