//! The draft of the next revision: what a server does with it, and that it sends no other byte
//! without it.

// Tests may panic.
#![allow(clippy::unwrap_used)]

mod fixture;

mod digests;
mod errors;
mod published;
