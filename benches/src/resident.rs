//! The resident memory of a process.

use std::fs;

use crate::Error;

/// Returns the resident memory of a process, in KiB.
pub(crate) fn resident_kib(pid: &str) -> Result<f64, Error> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
