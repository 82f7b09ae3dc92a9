//! Which environment variables a child gets.
//!
//! Hosts hold secrets in their environment; a server gets only what it needs to run (the list of
//! the other SDKs), and what the caller's command adds.

use std::env;
use std::ffi::OsString;
use std::process::Command;

/// What a child inherits of our environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inherit {
    /// The variables of [`ALLOWED`].
    Allowed,
    /// All of them.
    Everything,
}

#[cfg(not(windows))]
const ALLOWED: &[&str] = &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

#[cfg(windows)]
const ALLOWED: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
];

/// Reduces the environment to the allow-list; what the command sets or removes by itself stays so.
pub(super) fn apply(command: &mut Command, inherit: Inherit) {
    if inherit == Inherit::Everything {
        return;
    }
    let explicit: Vec<(OsString, Option<OsString>)> =
        command.get_envs().map(|(name, value)| (name.into(), value.map(Into::into))).collect();
    command.env_clear();
    for name in ALLOWED {
        if let Some(value) = env::var_os(name).filter(|value| !is_function(value)) {
            command.env(name, value);
        }
    }
    for (name, value) in explicit {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// A shell function exported into the environment: not a value, and code for some shells.
fn is_function(value: &OsString) -> bool {
    value.as_encoded_bytes().starts_with(b"()")
}
