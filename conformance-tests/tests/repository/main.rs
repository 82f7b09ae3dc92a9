//! Ids, tests, links and quotes in the documents refer to something that exists.

mod features;
mod guide;
mod guide_limits;
mod ids;
mod limits;
mod links;
mod packages;
mod quotes;
mod tree;
