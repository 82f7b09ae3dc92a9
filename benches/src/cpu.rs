//! CPU time of processes, from `/proc`, in nanoseconds.
//!
//! `schedstat` of each thread is exact, but does not include threads that have ended. `stat` of the
//! process includes them, but counts in ticks of 10 ms. [`Cpu::since`] uses the exact value unless
//! it lacks more than a few ticks. The programs in `benches/peers` include this file by path, so it
//! uses the standard library only.

use std::{fs, io, time::Duration};

const TICK: Duration = Duration::from_millis(10);

/// The CPU time (user and system) that a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    exact: Duration,
    coarse: Duration,
}

impl Cpu {
    /// Reads the CPU time of the process `pid`; `"self"` is the calling process.
    pub fn of(pid: &str) -> io::Result<Cpu> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            // The thread may end after it was listed.
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0);
        }
        let [user, system, ..] = ticks(pid)?;
        Ok(Cpu { exact: Duration::from_nanos(nanoseconds), coarse: user + system })
    }

    /// Returns the CPU time since an earlier reading of the same process.
    pub fn since(&self, earlier: &Cpu) -> Duration {
        let exact = self.exact.saturating_sub(earlier.exact);
        let coarse = self.coarse.saturating_sub(earlier.coarse);
        if coarse > exact + 3 * TICK { coarse } else { exact }
    }
}

/// Returns the CPU time of all descendants of this process that have ended and were waited for.
#[allow(dead_code, reason = "not every package that includes this file starts children")]
pub fn of_ended_children() -> io::Result<Duration> {
    let [.., user, system] = ticks("self")?;
    Ok(user + system)
}

/// Reads `utime`, `stime`, `cutime` and `cstime` from `/proc/<pid>/stat`.
fn ticks(pid: &str) -> io::Result<[Duration; 4]> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the command is in parentheses and can contain spaces; utime is the 12th field
    // after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut ticks = [Duration::ZERO; 4];
    for (slot, field) in ticks.iter_mut().zip(fields) {
        *slot = TICK * field.parse().unwrap_or(0);
    }
    Ok(ticks)
}
