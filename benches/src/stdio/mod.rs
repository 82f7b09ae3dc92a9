//! Stdio: a server as a child process with a [`session`] over its pipes, requests in [`load`], and
//! the comparison of [`servers`].

pub mod load;
pub mod servers;
pub mod session;
