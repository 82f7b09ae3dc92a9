//! Runs the official conformance suite against the everything server and the everything client.
//! Every scenario must pass without a failure or a warning, except those that are listed with a
//! reason ([`exceptions`]).
//!
//! `npm ci --prefix conformance-tests/suite` installs the suite. If it is not installed, the tests
//! are ignored, or fail with `CI=true`. Each test compares its section of `docs/conformance.md`
//! with the outcome, or writes it if `WRITE_CONFORMANCE` is set.

// Tests may panic.
#![allow(clippy::unwrap_used)]

mod client;
mod document;
mod exceptions;
mod run;
mod scenario;
mod server;
mod table;
