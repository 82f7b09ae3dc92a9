//! What the tasks have written down, in the order of their writes.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::instance::Kill;

/// One line of a task.
struct Line {
    /// Microseconds since 1970.
    time: u64,
    /// The process.
    writer: String,
    what: What,
    token: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// The handler begins.
    Run,
    /// The work of a step.
    Step(usize),
    /// The handler returns.
    End,
}

/// The lines of each task.
pub(crate) struct History(HashMap<String, Vec<Line>>);

/// The time, in microseconds since 1970.
pub(crate) fn micros() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    time.as_micros() as u64
}

impl History {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the lines");
        let mut tasks: HashMap<_, Vec<_>> = HashMap::new();
        for line in text.lines() {
            let [time, writer, task, what, token] =
                line.split(' ').collect::<Vec<_>>()[..].try_into().expect("a whole line");
            let what = match what {
                "run" => What::Run,
                "end" => What::End,
                step => What::Step(step.parse().expect("the number of a step")),
            };
            let time = time.parse().expect("a time");
            let (writer, token) = (str::to_owned(writer), str::to_owned(token));
            tasks.entry(str::to_owned(task)).or_default().push(Line { time, writer, what, token });
        }
        Self(tasks)
    }

    /// Checks that each step of each task ran, and not again once the next one had begun. As many
    /// tasks as were cancelled need not have come to their end.
    pub(crate) fn check_steps(&self, cancelled: usize) {
        let mut without_end = Vec::new();
        for (name, lines) in &self.0 {
            let mut begun = None;
            for line in lines {
                let What::Step(step) = line.what else { continue };
                let begins_next = step == begun.map_or(0, |begun| begun + 1);
                assert!(
                    begins_next || Some(step) == begun,
                    "{name}: step {step} ran, and the last one that had begun is {begun:?}"
                );
                begun = Some(step);
            }
            if !lines.iter().any(|line| line.what == What::End) {
                without_end.push((name, begun));
            }
        }
        let count = without_end.len();
        assert!(count <= cancelled, "not at their end, {cancelled} cancelled: {without_end:?}");
    }

    /// What a task must return: the last run of each step is the one whose result was stored.
    pub(crate) fn result(&self, name: &str) -> String {
        let mut last: Vec<&str> = Vec::new();
        for line in self.0.get(name).unwrap_or_else(|| panic!("{name} never ran")) {
            if let What::Step(step) = line.what {
                last.truncate(step);
                last.push(&line.token);
            }
        }
        format!("{name} {}", last.join(" "))
    }

    /// The number of steps that ran, and how many of these runs were repetitions.
    pub(crate) fn steps(&self) -> (usize, usize) {
        let (mut runs, mut repeated) = (0, 0);
        for lines in self.0.values() {
            let mut begun = None;
            for line in lines {
                if let What::Step(step) = line.what {
                    runs += 1;
                    repeated += usize::from(begun == Some(step));
                    begun = Some(step);
                }
            }
        }
        (runs, repeated)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of tasks that had begun and had not ended at a time.
    pub(crate) fn running_at(&self, time: u64) -> usize {
        let is_running = |lines: &&Vec<Line>| {
            lines.first().is_some_and(|line| line.time < time)
                && lines.last().is_some_and(|line| line.time > time)
        };
        self.0.values().filter(is_running).count()
    }

    /// How long each task that a killed process ran was without one: from the kill to the next run.
    /// Other kills may be in between.
    pub(crate) fn takeovers(&self, kills: &[Kill]) -> Vec<Duration> {
        let killed: HashMap<_, _> = kills.iter().map(|kill| (&*kill.victim, kill.time)).collect();
        let mut takeovers = Vec::new();
        for lines in self.0.values() {
            let runs: Vec<_> = lines.iter().filter(|line| line.what == What::Run).collect();
            for pair in runs.windows(2) {
                if let Some(time) = killed.get(&*pair[0].writer)
                    && let Some(micros) = pair[1].time.checked_sub(*time)
                {
                    takeovers.push(Duration::from_micros(micros));
                }
            }
        }
        takeovers
    }
}
