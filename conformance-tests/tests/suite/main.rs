//! The official conformance suite against our fixtures. Every scenario passes in every run, without
//! a failure and without a warning, save those that a role's exceptions name with a reason.
//!
//! `npm ci --prefix conformance-tests/suite` installs it. Where it is not installed the tests are
//! ignored, and fail with `CI=true`. With `WRITE_CONFORMANCE` set, each role rewrites its section
//! of `docs/conformance.md`; otherwise the section is compared.

// Tests may panic.
#![allow(clippy::unwrap_used)]

mod client;
mod document;
mod exceptions;
mod run;
mod scenario;
mod server;
mod table;
