//! The repository is complete: what its files name is in it.

mod ids;
mod limits;
mod links;
mod tree;
