//! Requests to URLs that a foreign party chose, or that a document of one names: each is hostile
//! until it is checked. Feature `fetch`.
//!
//! [`Guard`] checks what a URL says, `resolver` what its host resolves to, and [`Fetcher`] sends
//! the request and bounds the answer. [`Form`] and [`Secret`] are what is posted. A client fetches
//! what its MCP server names, a server the documents of the authorization servers in its
//! configuration.
//!
//! ```
//! use mcp_core::fetch::{FetchLimits, Fetcher, Guard, PrivateHosts};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = "https://login.example.com".parse()?;
//! let limits = FetchLimits::new();
//! let guard = Guard::for_configured([&issuer], PrivateHosts::default(), &limits);
//! let fetcher = Fetcher::over_network(guard, &limits);
//! let keys = fetcher.get("https://login.example.com/keys").await?;
//! assert!(keys.status.is_success());
//! # Ok(())
//! # }
//! ```

mod address;
mod checked_proxies;
mod error;
mod fetcher;
mod form;
mod guard;
mod host;
mod limits;
mod resolver;
mod secret;
#[cfg(test)]
mod url_tables;

pub use error::{FetchError, FetchErrorKind};
pub use fetcher::{Fetched, Fetcher};
pub use form::{FORM, Form, JWT_BEARER, basic_credentials, decode, encode};
pub use guard::Guard;
pub use host::PrivateHosts;
pub use limits::{FetchLimits, SettingNames};
pub use secret::Secret;
