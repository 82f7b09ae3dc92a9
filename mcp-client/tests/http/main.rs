//! Streamable HTTP and HTTP+SSE as the client speaks them, over a stack that does what the test says: no sockets, and
//! time that passes only when nothing else happens.

mod answers;
mod authorization;
mod era;
mod fairness;
mod legacy;
mod limits;
mod logs;
mod modern;
mod older;
mod resumption;
mod retries;
mod script;
mod sessions;
mod standalone;
