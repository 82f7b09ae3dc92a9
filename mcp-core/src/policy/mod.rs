//! Policy: rules that decide which calls are allowed, denied, or asked about.
//!
//! A [`Policy`] is data: rules in TOML, of several [levels](Level). It is a [`PolicyEngine`], and so
//! can be an engine of your own. A server decides with the layer `PolicyLayer` of `mcp-server`, and
//! a client with `ClientBuilder::policy` of `mcp-client`, before a call leaves.
//!
//! ```
//! use mcp_core::policy::{Policy, PolicyEngine as _, PolicyRequest, Verdict};
//!
//! let policy = Policy::parse(
//!     "policy.toml",
//!     r#"
//!     default = "ask"
//!
//!     [[rule]]
//!     verdict = "allow"
//!     tools = ["read_*"]
//!
//!     [[rule]]
//!     name = "system files"
//!     verdict = "deny"
//!     tools = ["*_file"]
//!     arguments = [{ pointer = "/path", prefix = "/etc/" }]
//!     "#,
//! )?;
//! let request = PolicyRequest::tool("read_file").arguments(r#"{"path": "/etc/passwd"}"#);
//! let decision = policy.decide(&request);
//! assert_eq!(decision.verdict(), Verdict::Deny);
//! assert_eq!(decision.reason(), "rule \"system files\"");
//! # Ok::<(), mcp_core::policy::PolicyError>(())
//! ```
//!
//! # How a policy decides
//!
//! All rules that match count, whatever their level and order: `deny` before `ask` before `allow`.
//! So a rule that denies never makes anything else possible. If no rule matches, the default
//! decides:
//!
//! | `default` | tools | prompts and resources | methods of your own |
//! |---|---|---|---|
//! | `allow`, `ask` or `deny` | as it says | as it says | as it says |
//! | not set | read-only ones of trusted servers are allowed, others ask | those of trusted servers are allowed, others ask | ask |
//!
//! Completions and subscriptions cannot ask; unless a rule matches, only `default = "deny"` denies
//! them. All other methods of the protocol, such as lists and `ping`, are decided only by rules
//! that name `methods`, and allowed otherwise. `initialize` is never decided.
//!
//! If several files set a default, the strictest one counts.
//!
//! # Keys of a file
//!
//! | key | meaning |
//! |---|---|
//! | `default` | `"allow"`, `"ask"` or `"deny"`; see above |
//! | `trusted_servers` | globs of the servers whose annotations count |
//! | `[[rule]]` | a rule, any number of times |
//!
//! # Keys of a rule
//!
//! A rule matches if all of its conditions do. Globs have one wildcard: `*` stands for any
//! characters, `/` included; `\*` and `\\` stand for themselves. A list of globs matches if one of
//! them does.
//!
//! | key | meaning |
//! |---|---|
//! | `verdict` | `"allow"`, `"ask"` or `"deny"`; the only key that is required |
//! | `name`, `reason` | what errors and questions say about the rule |
//! | `principals` | globs of the id of the caller; a caller that nothing verified is the empty text |
//! | `servers`, `methods` | globs |
//! | `tools`, `prompts`, `resources` | globs of names and URIs; a rule with several of them matches each |
//! | `arguments` | a list of [predicates](#predicates); all of them must hold |
//! | `annotations` | `read_only`, `destructive`, `idempotent`, `open_world`: what the tool says of itself. Tools of servers that are not trusted, and what a tool does not say, have the defaults of the protocol: not read-only, destructive, not idempotent, open world |
//! | `scopes` | the caller has all of them |
//! | `without_scopes` | the caller lacks one of them |
//! | `rate` | `{ calls = 10, per = "1m" }`, for each principal and each tool, prompt or resource. A rule that allows matches up to the rate; one that asks or denies matches calls above it. What counts are all calls that the other conditions select, so that other rules have no influence; each round of a call counts |
//! | `weekdays`, `hours` | `["mon", "fri"]`, and `"09:00-17:30"`. Hours that end before they begin go on after midnight |
//! | `utc_offset` | the zone of both, such as `"+02:00"`; UTC by default. There is no daylight saving time |
//! | `from`, `until` | when the rule is valid: date-times with an offset |
//!
//! # Predicates
//!
//! A predicate has a `pointer` (a JSON pointer into the arguments) and one test: `equals` (any
//! value), `prefix`, `glob` (both of a text), `min` and `max` (of a number, both included) or
//! `exists` (`true` or `false`). Where the pointer leads nowhere, or to a value of another type, the
//! test fails. `not = true` inverts the predicate. A test compares texts: it knows nothing of paths
//! such as `/tmp/../etc`, and nothing of the defaults of a tool. Allow what you know, rather than
//! deny what you can think of.
//!
//! Arguments in which a member occurs twice are denied by every policy that has to read them.
//!
//! # Levels
//!
//! [`Level::Managed`] can only tighten: its files have no rules that allow, what they decide counts
//! if it is stricter than what the other files and the default decide, its `default` is `ask` or
//! `deny`, and its `trusted_servers` limit those of the others.

mod arguments;
mod builder;
mod decision;
mod dry_run;
mod engine;
mod error;
mod file;
mod glob;
mod level;
mod limits;
mod policy_set;
mod predicate;
mod question;
mod rate;
mod request;
mod rule;
mod schedule;

pub use builder::PolicyBuilder;
pub use decision::{Decision, RuleId, Verdict};
pub use dry_run::{DryRun, DryRunEntry, TranscriptError};
pub use engine::PolicyEngine;
pub use error::PolicyError;
pub use level::Level;
pub use limits::PolicyLimits;
pub use policy_set::Policy;
pub use question::question;
pub use request::{Operation, PolicyRequest, Subject};
