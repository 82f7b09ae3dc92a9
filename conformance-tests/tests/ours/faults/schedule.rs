//! What fails, and when.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::network::{CLIENT, SERVER};

/// Whether the network is to fail now.
#[derive(Default)]
pub(super) struct Schedule {
    stormy: AtomicBool,
}

impl Schedule {
    pub(super) fn set_stormy(&self, stormy: bool) {
        self.stormy.store(stormy, Ordering::Relaxed);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The server's process ends, and another begins.
    Restart,
    /// Nothing gets through, and what is on its way is lost.
    Partition,
    /// The requests get through, and the answers do not: the connections are half-open.
    Deaf,
    /// The answers get through, and the requests do not.
    Mute,
    /// Everything waits, and then comes at once.
    Hold,
    /// Everything is slow, and connections overtake each other.
    Slow,
}

const FAULTS: [Fault; 6] =
    [Fault::Restart, Fault::Partition, Fault::Deaf, Fault::Mute, Fault::Hold, Fault::Slow];

/// Makes faults, one at a time.
pub(super) struct Faults {
    random: u64,
    /// The fault of the moment.
    now: Option<Fault>,
    /// When it ends, or the next begins.
    next: Duration,
    count: BTreeMap<Fault, u32>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            now: None,
            next: Duration::ZERO,
            count: BTreeMap::new(),
        }
    }

    pub(super) fn happened(&self) -> u32 {
        self.count.values().sum()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    /// Called after each step of the simulation.
    pub(super) fn step(&mut self, sim: &mut turmoil::Sim<'_>, schedule: &Schedule) {
        let stormy = schedule.stormy.load(Ordering::Relaxed);
        if self.now.is_none() && !stormy {
            return;
        }
        if stormy && sim.elapsed() < self.next {
            return;
        }
        let wait = match self.now.take() {
            Some(fault) => {
                self.end(sim, fault);
                100 + self.below(500)
            }
            None => {
                let index =
                    usize::try_from(self.below(FAULTS.len() as u64)).expect("it is below a usize");
                self.begin(sim, FAULTS[index]);
                self.now = Some(FAULTS[index]);
                *self.count.entry(FAULTS[index]).or_default() += 1;
                50 + self.below(1_500)
            }
        };
        self.next = sim.elapsed() + Duration::from_millis(wait);
    }

    fn begin(&self, sim: &mut turmoil::Sim<'_>, fault: Fault) {
        match fault {
            Fault::Restart => sim.crash(SERVER),
            Fault::Partition => sim.partition(CLIENT, SERVER),
            Fault::Deaf => sim.partition_oneway(SERVER, CLIENT),
            Fault::Mute => sim.partition_oneway(CLIENT, SERVER),
            Fault::Hold => sim.hold(CLIENT, SERVER),
            Fault::Slow => {
                sim.set_link_max_message_latency(CLIENT, SERVER, Duration::from_millis(800))
            }
        }
    }

    fn end(&self, sim: &mut turmoil::Sim<'_>, fault: Fault) {
        match fault {
            Fault::Restart => sim.bounce(SERVER),
            Fault::Partition => sim.repair(CLIENT, SERVER),
            Fault::Deaf => sim.repair_oneway(SERVER, CLIENT),
            Fault::Mute => sim.repair_oneway(CLIENT, SERVER),
            Fault::Hold => sim.release(CLIENT, SERVER),
            Fault::Slow => {
                sim.set_link_max_message_latency(CLIENT, SERVER, Duration::from_millis(40))
            }
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count.fmt(f)
    }
}
