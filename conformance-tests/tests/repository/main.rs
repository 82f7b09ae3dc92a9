//! Ids, tests and links in the documents refer to something that exists.

mod ids;
mod links;
mod tree;
