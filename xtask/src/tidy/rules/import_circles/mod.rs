//! The imports between the files of a crate form no circle: of two files, at most one depends on
//! the other, directly or indirectly. So each file can be read and tested with its dependencies
//! only.
//!
//! A file depends on another one if one of its paths (in `use`, in types, expressions, attributes
//! and macros) refers to an item that the other one defines. Re-exports are followed to the
//! definition, so a `mod.rs` that only declares and re-exports is ignored. Test modules are ignored
//! too.
//!
//! [`modules`] reads the module tree of a crate, [`resolve`] follows a path in it, [`uses`]
//! collects the paths of each file, [`circles`] finds the circles, [`rule`] reports them.

mod circles;
mod modules;
mod resolve;
mod rule;
#[cfg(test)]
mod tests;
mod uses;

pub(super) use rule::RULE;
