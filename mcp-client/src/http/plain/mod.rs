//! Plain HTTP: connections that the calls themselves read and write.
//!
//! Without TLS nothing negotiates HTTP/2, so a connection carries one request at a time, and the
//! call that uses it can move its bytes. There is no task for each connection, which would be woken
//! for each request and each response, on the multi-thread runtime by another thread. No
//! task reads an unused connection; that the server has closed it is found when it is used again,
//! before anything is sent.
//!
//! `plain_pool` opens, reuses and keeps connections, `connection` is one of them, `plain_body` the
//! body of a response on it, and `local_waker` tells its wakers from those of other tasks.

mod connection;
mod idle;
mod local_waker;
mod plain_body;
mod plain_pool;

pub(super) use plain_body::PlainBody;
pub(super) use plain_pool::PlainPool;
