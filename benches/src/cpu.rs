//! CPU time of processes, from `/proc`, in nanoseconds.
//!
//! `schedstat` of each thread is exact but forgets threads that ended; `stat` of the process
//! remembers them but counts in ticks of 10 ms. [`Cpu::since`] takes the exact one unless it lost
//! more than a few ticks. The peers of `benches/peers` include this file by path: standard library
//! alone.

use std::{fs, io, time::Duration};

const TICK: Duration = Duration::from_millis(10);

/// One reading of the CPU time (user and system) which a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    exact: Duration,
    coarse: Duration,
}

impl Cpu {
    /// The CPU time of the process `pid` (`"self"` is the calling one) until now.
    pub fn of(pid: &str) -> io::Result<Cpu> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            // A thread may end between the listing and the reading.
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0);
        }
        let [user, system, ..] = ticks(pid)?;
        Ok(Cpu { exact: Duration::from_nanos(nanoseconds), coarse: user + system })
    }

    /// The CPU time used since an `earlier` reading of the same process.
    pub fn since(&self, earlier: &Cpu) -> Duration {
        let exact = self.exact.saturating_sub(earlier.exact);
        let coarse = self.coarse.saturating_sub(earlier.coarse);
        if coarse > exact + 3 * TICK { coarse } else { exact }
    }
}

/// The CPU time of all children of this process which ended and were waited for, and of theirs.
#[allow(dead_code, reason = "not every package that includes this file starts children")]
pub fn of_ended_children() -> io::Result<Duration> {
    let [.., user, system] = ticks("self")?;
    Ok(user + system)
}

/// `utime`, `stime`, `cutime` and `cstime` of `/proc/<pid>/stat`.
fn ticks(pid: &str) -> io::Result<[Duration; 4]> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name is in parentheses and may hold blanks; utime is the 12th field after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut ticks = [Duration::ZERO; 4];
    for (slot, field) in ticks.iter_mut().zip(fields) {
        *slot = TICK * field.parse().unwrap_or(0);
    }
    Ok(ticks)
}
