//! The memory of a process.

use std::fmt::Display;
use std::fs;
use std::io::{Error, Result};

/// Returns the resident memory of a process, in KiB. `self` is this process.
///
/// # Errors
/// If the system does not tell it, or the process is gone.
pub fn resident_kib(pid: impl Display) -> Result<u64> {
    read(pid, "VmRSS:")
}

/// Returns the maximum resident memory of a process so far, in KiB.
///
/// # Errors
/// If the system does not tell it, or the process is gone.
pub fn peak_kib(pid: impl Display) -> Result<u64> {
    read(pid, "VmHWM:")
}

fn read(pid: impl Display, field: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    let value = value.ok_or_else(|| Error::other(format!("the status has no {field}")))?;
    value.trim().trim_end_matches(" kB").parse().map_err(Error::other)
}
