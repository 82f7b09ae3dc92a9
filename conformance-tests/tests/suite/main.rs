//! The official conformance suite against our fixtures. Every scenario passes in every run, without a failure
//! and without a warning, save those that a role's exceptions name with a reason.
//!
//! `npm ci --prefix conformance-tests/suite` installs it; without it the tests are skipped, unless `CI` is set.
//! With `WRITE_CONFORMANCE` set, each role writes its section of `docs/conformance.md` anew; else the section
//! is compared.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod document;
mod exceptions;
mod run;
mod scenario;
mod server;
mod table;
