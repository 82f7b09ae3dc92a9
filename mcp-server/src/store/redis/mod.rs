//! A store of tasks in Redis, for servers with several instances.
//!
//! Each transition is one Lua script, which Redis runs as a whole. All keys of a store have one
//! hash tag, so that they are on one shard of a cluster.

mod builder;
mod feed;
mod keys;
mod link;
mod opening;
mod operation;
mod reply;
mod script;
mod store;

pub use builder::RedisStoreBuilder;
pub use store::RedisStore;
