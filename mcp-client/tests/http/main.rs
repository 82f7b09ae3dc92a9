//! Streamable HTTP and HTTP+SSE of the client, over a scripted stack: without sockets, and with
//! virtual time.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod answers;
mod authorization;
mod config;
mod era;
mod fairness;
mod groups;
mod identity;
mod legacy;
mod limits;
mod logs;
mod mistakes;
mod modern;
mod network;
mod older;
mod plain;
mod questions;
mod resumption;
mod retries;
mod script;
mod sessions;
mod shared_cache;
mod standalone;
mod tasks;
