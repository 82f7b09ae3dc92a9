//! The memory of a process, from `/proc`.

use std::fs;

use crate::Error;

/// Returns the private dirty memory of a process, in KiB: what it has written and shares with no
/// other process.
pub fn dirty_kib(pid: &str) -> Result<f64, Error> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let value = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
    let value = value.ok_or("smaps_rollup has no Private_Dirty")?;
    Ok(value.trim().trim_end_matches(" kB").parse()?)
}
