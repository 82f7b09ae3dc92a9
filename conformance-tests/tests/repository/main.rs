//! The repository is complete: what its files name is in it.

mod ids;
mod links;
mod tree;
