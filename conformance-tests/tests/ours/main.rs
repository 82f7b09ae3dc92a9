//! Our client and our server together: the same bodies over {child process, byte stream, memory} × {every
//! revision}.

mod features;
mod kill;
mod server;
mod ways;
