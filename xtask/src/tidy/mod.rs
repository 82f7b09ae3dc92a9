//! `cargo xtask tidy`: the rules of this repository that neither the compiler nor clippy checks.
//! Each file in [`rules`] is a rule; CONTRIBUTING.md describes how to add one.

mod code;
mod command;
mod finding;
mod prose;
mod rule;
mod rules;
mod tree;

pub(crate) use command::run;
