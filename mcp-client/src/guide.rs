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
//! | [Authorization](authorization) | log-in with a browser or your own interface, programs without a user |
//! | [Tasks](tasks) | calls that become tasks |
//! | [Policy](policy_and_audit) | rules that decide about calls before they leave |
//! | [Logs, traces and metrics](observability) | `tracing`, OpenTelemetry |
//! | [Revisions](revisions) | how the revisions of the protocol differ |
//! | [Limits](limits) | all limits with their defaults |
//!
//! The pages are written from `docs` by `cargo xtask bless guide`.

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

#[doc = include_str!("../guide/authorization.md")]
pub mod authorization {}

#[doc = include_str!("../guide/tasks.md")]
pub mod tasks {}

#[doc = include_str!("../guide/policy-and-audit.md")]
pub mod policy_and_audit {}

#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

#[doc = include_str!("../guide/revisions.md")]
pub mod revisions {}

#[doc = include_str!("../guide/limits.md")]
pub mod limits {}
