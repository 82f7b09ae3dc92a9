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
//! | [Coming from rmcp](from_rmcp) | the same programs twice, and a table of names |
//! | [Tasks](tasks) | tools that run in the background, and continue after a restart |
//! | [Stores](stores) | what outlives a request: memory, redb, Redis |
//! | [Many machines](fleet) | several instances of one server |
//! | [Protecting a server](protecting_a_server) | tokens, scopes, the caller |
//! | [Policy and audit](policy_and_audit) | rules that decide about calls, records of them |
//! | [Logs, traces and metrics](observability) | `tracing`, OpenTelemetry |
//! | [jsonrpsee services](jsonrpsee) | methods of a jsonrpsee program as tools, and back |
//! | [Revisions](revisions) | how the revisions of the protocol differ |
//! | [Limits](limits) | all limits with their defaults |
//!
//! The pages are written from `docs` by `cargo xtask bless guide`.

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

#[doc = include_str!("../guide/tasks.md")]
pub mod tasks {}

#[doc = include_str!("../guide/stores.md")]
pub mod stores {}

#[doc = include_str!("../guide/fleet.md")]
pub mod fleet {}

#[doc = include_str!("../guide/protecting-a-server.md")]
pub mod protecting_a_server {}

#[doc = include_str!("../guide/policy-and-audit.md")]
pub mod policy_and_audit {}

#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

#[doc = include_str!("../guide/jsonrpsee.md")]
pub mod jsonrpsee {}

#[doc = include_str!("../guide/revisions.md")]
pub mod revisions {}

#[doc = include_str!("../guide/limits.md")]
pub mod limits {}
