//! A store in Redis, for servers with several instances.
//!
//! Each transition is one Lua script, which Redis runs as a whole, or one command. All keys of a
//! store have one hash tag, so that they are on one shard of a cluster.

mod builder;
#[cfg(feature = "http")]
mod bus;
#[cfg(feature = "http")]
mod event_store;
mod feed;
mod keys;
mod link;
#[cfg(feature = "http")]
mod nonce_store;
mod opening;
mod operation;
mod reader;
mod reply;
mod script;
#[cfg(feature = "http")]
mod session_store;
mod store;
#[cfg(feature = "http")]
mod stores;
mod task_store;

pub use builder::RedisStoreBuilder;
pub use store::RedisStore;
