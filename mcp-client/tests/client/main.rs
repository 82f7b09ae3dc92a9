//! The client against scripted servers and child processes.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]

mod calls;
#[cfg(target_os = "linux")]
mod children;
mod config_files;
#[cfg(unix)]
mod config_start;
mod deprecated;
mod extensions;
mod fake;
mod group;
mod hostile;
mod input;
mod lists;
mod memory;
mod mistakes;
#[cfg(feature = "policy")]
mod policy;
mod probe;
mod questions;
mod raw;
mod restarts;
#[cfg(feature = "skills")]
mod skills;
mod subscriptions;
mod task_handles;
mod task_input;
mod task_script;
mod tasks;
mod telemetry;
mod timeouts;
mod wakers;
