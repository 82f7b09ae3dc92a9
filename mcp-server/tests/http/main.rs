//! The server over HTTP.

mod legacy;
