//! Plain HTTP: connections that the calls themselves read and write.
//!
//! Without TLS nothing negotiates HTTP/2, so a connection carries one request at a time, and the
//! call that uses it can move its bytes. There is no task for each connection, which would be woken
//! for each request and each response, on the multi-thread runtime by another thread. No task reads
//! an unused connection. If the runtime has noticed that the server closed it, the next call finds
//! that before it sends anything, and uses another one. Until then, or until `pool_idle_timeout`,
//! its socket stays open.
//!
//! `plain_pool` opens, reuses and keeps connections, `connection` is one of them, and `plain_body`
//! the body of a response on it.

mod connection;
mod idle;
mod plain_body;
mod plain_pool;

pub(super) use plain_body::PlainBody;
pub(super) use plain_pool::PlainPool;
