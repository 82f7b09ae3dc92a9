//! The imports between the files of a crate make no circle: of two files, at most one knows the
//! other, so that each can be read and tested with what is beneath it.
//!
//! A file knows another when one of its paths (in `use`, in types, expressions, attributes and
//! macros) ends at an item which the other defines. Re-exports are followed to the definition, so
//! a `mod.rs` that only declares and re-exports takes no part. Test modules take none either.
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
