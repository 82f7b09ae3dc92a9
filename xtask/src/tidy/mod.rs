//! `cargo xtask tidy`: the rules of this repository which neither the compiler nor clippy knows.
//! One file in [`rules`] is one rule; CONTRIBUTING.md says how to add one.

mod code;
mod command;
mod finding;
mod prose;
mod rule;
mod rules;
mod tree;

pub(crate) use command::run;
