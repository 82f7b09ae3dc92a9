//! One operation of a history.

use std::time::Duration;

use bytes::Bytes;

use super::generator::Generator;
use crate::store::task::{Lease, NewTask, TaskHead, TaskQuota, TaskRecord, TaskState, TaskUpdate};

/// A lease that does not end during a history. Others are zero, so that no answer depends on time.
const HELD: Duration = Duration::from_secs(3_600);

const OWNERS: [&str; 3] = ["one", "two", "three"];

/// What the store is asked for.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Create { task: NewTask, quota: TaskQuota },
    Head { id: String },
    Status { id: String },
    Load { id: String },
    Update { id: String, update: TaskUpdate },
    Claim { id: String, lease: Duration },
    ClaimAny { lease: Duration, max: usize },
    Renew { leases: Vec<Lease>, lease: Duration },
    List { owner: &'static str, max: usize },
    Sweep { now: u64, max: usize },
}

impl Operation {
    /// Draws an operation. `step` is its number; `head` returns the present head of a task, so that
    /// most operations are valid.
    pub(super) fn random(
        random: &mut Generator,
        step: u64,
        head: impl Fn(&str) -> Option<TaskHead>,
    ) -> Self {
        let id = format!("task-{}", random.below(7));
        match random.below(100) {
            0..22 => Self::create(random, step, id),
            22..25 => Self::Head { id },
            25..27 => Self::Status { id },
            27..35 => Self::Load { id },
            35..65 => {
                let present = head(&id).unwrap_or_else(|| TaskHead::new(&*id, "one", 0));
                let update = update(random, step, &present);
                Self::Update { id, update }
            }
            65..73 => Self::Claim { id, lease: lease(random) },
            73..79 => {
                let max = usize::try_from(random.below(4)).unwrap_or(0);
                Self::ClaimAny { lease: lease(random), max }
            }
            79..86 => {
                let ids = (0..random.below(4)).map(|_| format!("task-{}", random.below(7)));
                let leases = ids.collect::<Vec<_>>().into_iter().map(|id| {
                    let fence = head(&id).map_or(1, |head| head.fence);
                    Lease::new(id, fence.saturating_sub(u64::from(random.chance(20))))
                });
                Self::Renew { leases: leases.collect(), lease: lease(random) }
            }
            86..93 => {
                let max = 1 + usize::try_from(random.below(3)).unwrap_or(0);
                Self::List { owner: random.pick(&OWNERS), max }
            }
            _ => {
                let max = usize::try_from(random.below(3)).unwrap_or(0);
                Self::Sweep { now: random.below(120), max }
            }
        }
    }

    fn create(random: &mut Generator, step: u64, id: String) -> Self {
        // Each task has a time of creation of its own, so that lists have one order. It is not the
        // order of the operations.
        let created_at = step ^ random.pick(&[0, 1, 6, 32]);
        let mut head = TaskHead::new(id, random.pick(&OWNERS), created_at * 64 + step);
        if random.chance(30) {
            head.state = random.pick(&TaskState::ALL);
        }
        head.expires_at = expiry(random);
        head.detail = blob(random, step);
        let journal = (0..random.below(3)).map(|_| blob(random, step)).collect();
        let mut task = NewTask::new(TaskRecord::new(head, blob(random, step), journal));
        if random.chance(50) {
            task = task.leased(lease(random));
        }
        let quota = if random.chance(70) {
            TaskQuota::new(100, 100)
        } else {
            let mut limit = || usize::try_from(random.below(7)).unwrap_or(0);
            TaskQuota::new(limit(), limit())
        };
        Self::Create { task, quota }
    }
}

fn update(random: &mut Generator, step: u64, present: &TaskHead) -> TaskUpdate {
    let mut update = TaskUpdate::of(present, step);
    if random.chance(15) {
        update.version = random.below(present.version + 2);
    }
    if random.chance(40) {
        let fence = if random.chance(75) { present.fence } else { random.below(4) };
        update.fence = Some(fence);
    }
    if random.chance(40) {
        // Terminal states are rarer, because they end a task.
        let states = [TaskState::Working, TaskState::InputRequired];
        update.state =
            if random.chance(75) { random.pick(&states) } else { random.pick(&TaskState::ALL) };
    }
    if random.chance(30) {
        update.expires_at = expiry(random);
    }
    update.detail = random.chance(30).then(|| blob(random, step));
    update.outcome = random.chance(20).then(|| blob(random, step));
    update.append = (0..random.below(3)).map(|_| blob(random, step)).collect();
    update
}

fn expiry(random: &mut Generator) -> Option<u64> {
    random.chance(60).then(|| random.below(150))
}

fn lease(random: &mut Generator) -> Duration {
    random.pick(&[HELD, Duration::ZERO])
}

fn blob(random: &mut Generator, step: u64) -> Bytes {
    let length = random.pick(&[0, 1, 9, 70]);
    let byte = |index: usize| step.wrapping_mul(index as u64 + 37).to_le_bytes()[0];
    (0..length).map(byte).collect()
}
