//! Which faults happen, and when.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_test_support::Random;

use super::network::{CLIENT, SERVER};

/// Switches faults on and off, from inside the simulation.
#[derive(Default)]
pub(super) struct Schedule {
    has_faults: AtomicBool,
}

impl Schedule {
    pub(super) fn set_faults(&self, has_faults: bool) {
        self.has_faults.store(has_faults, Ordering::Relaxed);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The server is killed, and restarted at the end of the fault.
    Restart,
    /// Messages in both directions are lost, those in transit too.
    Partition,
    /// Messages of the server are lost, so connections are half-open.
    LoseAnswers,
    /// Messages of the client are lost.
    LoseRequests,
    /// Messages are held, and delivered together at the end of the fault.
    Hold,
    /// Messages are delayed, each connection by a different time.
    Slow,
}

const FAULTS: [Fault; 6] = [
    Fault::Restart,
    Fault::Partition,
    Fault::LoseAnswers,
    Fault::LoseRequests,
    Fault::Hold,
    Fault::Slow,
];

/// Injects random faults, one at a time.
pub(super) struct Faults {
    random: Random,
    current: Option<Fault>,
    /// When the current fault ends, or the next one begins.
    next: Duration,
    counts: BTreeMap<Fault, u32>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            current: None,
            next: Duration::ZERO,
            counts: BTreeMap::new(),
        }
    }

    /// Returns the number of faults that have begun.
    pub(super) fn count(&self) -> u32 {
        self.counts.values().sum()
    }

    /// Begins or ends a fault if it is time to. Called after each step of the simulation.
    pub(super) fn step(&mut self, sim: &mut turmoil::Sim<'_>, schedule: &Schedule) {
        let has_faults = schedule.has_faults.load(Ordering::Relaxed);
        if self.current.is_none() && !has_faults {
            return;
        }
        if has_faults && sim.elapsed() < self.next {
            return;
        }
        let wait = match self.current.take() {
            Some(fault) => {
                self.end(sim, fault);
                100 + self.random.below(500)
            }
            None => {
                let fault = *self.random.pick(&FAULTS);
                self.begin(sim, fault);
                self.current = Some(fault);
                *self.counts.entry(fault).or_default() += 1;
                50 + self.random.below(1_500)
            }
        };
        self.next = sim.elapsed() + Duration::from_millis(wait as u64);
    }

    fn begin(&self, sim: &mut turmoil::Sim<'_>, fault: Fault) {
        match fault {
            Fault::Restart => sim.crash(SERVER),
            Fault::Partition => sim.partition(CLIENT, SERVER),
            Fault::LoseAnswers => sim.partition_oneway(SERVER, CLIENT),
            Fault::LoseRequests => sim.partition_oneway(CLIENT, SERVER),
            Fault::Hold => sim.hold(CLIENT, SERVER),
            Fault::Slow => {
                sim.set_link_max_message_latency(CLIENT, SERVER, Duration::from_millis(800));
            }
        }
    }

    fn end(&self, sim: &mut turmoil::Sim<'_>, fault: Fault) {
        match fault {
            Fault::Restart => sim.bounce(SERVER),
            Fault::Partition => sim.repair(CLIENT, SERVER),
            Fault::LoseAnswers => sim.repair_oneway(SERVER, CLIENT),
            Fault::LoseRequests => sim.repair_oneway(CLIENT, SERVER),
            Fault::Hold => sim.release(CLIENT, SERVER),
            Fault::Slow => {
                sim.set_link_max_message_latency(CLIENT, SERVER, Duration::from_millis(40));
            }
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.fmt(f)
    }
}
