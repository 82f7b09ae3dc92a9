//! The client against scripted servers and child processes.

mod calls;
#[cfg(target_os = "linux")]
mod children;
mod fake;
mod hostile;
mod input;
mod lists;
mod memory;
mod probe;
mod subscriptions;
mod timeouts;
