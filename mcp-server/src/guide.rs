//! The guide to servers, from front to back. It exists in the documentation only.
//!
//! | page | contents |
//! |---|---|
//! | [Your first server](first_server) | from an empty folder to a server that answers |
//! | [Put it into a host](hosts) | commands and JSON for the usual hosts |
//! | [Tools](tools) | arguments, schemas, results, errors |
//! | [Resources](resources) | text and bytes, templates, subscriptions |
//! | [Prompts and completion](prompts) | arguments, embedded resources, images, suggested values |
//! | [During a call](calls) | the caller, progress, log messages, cancellation, ping, state |
//! | [Asking for input](input) | forms, URLs, the client's model, roots |
//! | [Changes at run time](changes) | adding and removing tools, prompts and resources |
//! | [Transports](transports) | standard streams, byte streams, memory, your own |
//! | [Serving over HTTP](http) | axum, hosts, CORS, TLS, state, graceful end, logs |
//! | [Errors and limits](errors) | who sees which error, and what a refused call looks like |
//! | [Negotiation](negotiation) | revisions, capabilities, pages, caching |
//! | [Testing a server](testing) | a client with assertions, revisions, questions, snapshots |
//! | [Troubleshooting](troubleshooting) | a server that does not connect |
//! | [Coming from rmcp](from_rmcp) | a table of names |
//!
//! The pages are written from `docs/guide` by `cargo xtask bless guide`.

#[doc = include_str!("../guide/first-server.md")]
pub mod first_server {}

#[doc = include_str!("../guide/hosts.md")]
pub mod hosts {}

#[doc = include_str!("../guide/tools.md")]
pub mod tools {}

#[doc = include_str!("../guide/resources.md")]
pub mod resources {}

#[doc = include_str!("../guide/prompts.md")]
pub mod prompts {}

#[doc = include_str!("../guide/calls.md")]
pub mod calls {}

#[doc = include_str!("../guide/input.md")]
pub mod input {}

#[doc = include_str!("../guide/changes.md")]
pub mod changes {}

#[doc = include_str!("../guide/transports.md")]
pub mod transports {}

#[doc = include_str!("../guide/http.md")]
pub mod http {}

#[doc = include_str!("../guide/errors.md")]
pub mod errors {}

#[doc = include_str!("../guide/negotiation.md")]
pub mod negotiation {}

#[doc = include_str!("../guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../guide/from-rmcp.md")]
pub mod from_rmcp {}
