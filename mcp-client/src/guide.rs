//! The guide to clients, from front to back. It exists in the documentation only.
//!
//! | page | contents |
//! |---|---|
//! | [Your first client](client) | connecting, calling, timeouts, errors, child processes |
//! | [A client on the network](client_http) | Streamable HTTP and HTTP+SSE, retries, sessions, credentials |
//! | [Changes and log messages](client_changes) | subscriptions, notifications, caching |
//! | [Questions of the server](client_questions) | forms, URLs, sampling, roots |
//! | [Many servers](groups) | several servers as one, restarts |
//! | [For authors of hosts](host_authors) | what a host may rely on, with the tests |
//!
//! The pages are written from `docs/guide` by `cargo xtask bless guide`.

#[doc = include_str!("../guide/client.md")]
pub mod client {}

#[doc = include_str!("../guide/client-http.md")]
pub mod client_http {}

#[doc = include_str!("../guide/client-changes.md")]
pub mod client_changes {}

#[doc = include_str!("../guide/client-questions.md")]
pub mod client_questions {}

#[doc = include_str!("../guide/groups.md")]
pub mod groups {}

#[doc = include_str!("../guide/host-authors.md")]
pub mod host_authors {}
