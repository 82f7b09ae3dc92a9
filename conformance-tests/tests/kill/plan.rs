//! How much is played.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_test_support::Random;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::acknowledged::Calls;

/// The variants run one after the other, because they measure how long something takes.
static TURN: std::sync::LazyLock<Arc<Mutex<()>>> = std::sync::LazyLock::new(Arc::default);

/// A process is killed within this time after the first answer of a round, in milliseconds.
const WINDOW_MS: usize = 250;

/// In some rounds it is killed within this time after the first call, in milliseconds. Then tasks
/// are being created.
const CREATION_MS: usize = 20;

/// How many rounds are played, and when processes are killed.
pub(crate) struct Plan {
    /// Each round kills one process.
    pub(crate) rounds: usize,
    /// Number of tasks that begin in each round.
    pub(crate) tasks: usize,
    pub(crate) random: Random,
    _turn: OwnedMutexGuard<()>,
}

impl Plan {
    /// Waits for its turn. The environment variables `KILL_ROUNDS`, `KILL_TASKS` and `KILL_SEED`
    /// replace the values.
    pub(crate) async fn new(rounds: usize, tasks: usize) -> Self {
        // Another variant may have failed.
        let turn = Arc::clone(&TURN).lock_owned().await;
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
        let seed = number("KILL_SEED").unwrap_or(clock.as_micros() as u64);
        let rounds = number("KILL_ROUNDS").map_or(rounds, |rounds| rounds as usize);
        let tasks = number("KILL_TASKS").map_or(tasks, |tasks| tasks as usize);
        // Shown when the test fails.
        eprintln!("{rounds} rounds of {tasks} tasks, KILL_SEED={seed}");
        Self { rounds, tasks, random: Random::new(seed), _turn: turn }
    }

    /// Waits until a process is to be killed.
    pub(crate) async fn moment(&mut self, calls: &Calls) {
        let max = match self.random.below(4) {
            0 => CREATION_MS,
            _ => {
                calls.first().await;
                WINDOW_MS
            }
        };
        tokio::time::sleep(Duration::from_millis(self.random.below(max) as u64)).await;
    }

    /// The names of the tasks of a round.
    pub(crate) fn names(&self, round: usize) -> Vec<String> {
        (0..self.tasks).map(|task| format!("{round}-{task}")).collect()
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {value:?}")))
}
