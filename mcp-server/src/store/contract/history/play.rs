//! Plays histories on a store and on the model.

use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use super::generator::Generator;
use super::model::{Creation, Model};
use super::operation::Operation;
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{Lease, StoreError, TaskHead, TaskStore};

/// The number of operations of a history.
const STEPS: u64 = 40;

/// Plays the random histories of a range of seeds, and compares each answer of the store with that
/// of a model. The operations alternate between two handles. At the end, and after the store was
/// opened again, the tasks are compared.
///
/// # Panics
/// At the first answer that differs. The message has the seed, with which [`replay_history`] plays
/// this history alone.
pub async fn random_histories<F: StoreFixture<Store: TaskStore>>(fixture: &F, seeds: Range<u64>) {
    for seed in seeds {
        replay_history(fixture, seed).await;
    }
}

/// Plays the random history of one seed.
///
/// # Panics
/// As [`random_histories`].
pub async fn replay_history<F: StoreFixture<Store: TaskStore>>(fixture: &F, seed: u64) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let mut random = Generator::new(seed);
    let mut model = Model::default();
    let mut played = Vec::new();
    for step in 0..STEPS {
        let operation = Operation::random(&mut random, step, |id| model.head(id));
        played.push(operation);
        let operation = &played[played.len() - 1];
        let result = if random.chance(50) {
            play(&store, &mut model, operation).await
        } else {
            play(&second, &mut model, operation).await
        };
        if let Err(difference) = result {
            panic!("the history of seed {seed} differs at step {step}: {difference}\n{played:#?}");
        }
    }
    let end = format!("the history of seed {seed} differs at its end");
    compare(&second, &model).await.unwrap_or_else(|error| panic!("{end}: {error}"));
    drop(second);
    if let Some(store) = fixture.reopen(store).await {
        let end = format!("the history of seed {seed} differs after the store was opened again");
        compare(&store, &model).await.unwrap_or_else(|error| panic!("{end}: {error}"));
    }
}

async fn play(
    store: &impl TaskStore,
    model: &mut Model,
    operation: &Operation,
) -> Result<(), String> {
    match operation {
        Operation::Create { task, quota } => {
            let answer = store.create(task.clone(), *quota).await;
            let expected = model.create(task, *quota);
            let is_expected = match (&answer, &expected) {
                (Ok(()), Creation::Created) | (Err(StoreError::Exists), Creation::Exists) => true,
                (Err(StoreError::Full { limit, .. }), Creation::Full(limits)) => {
                    limits.contains(limit)
                }
                _ => false,
            };
            if is_expected { Ok(()) } else { Err(format!("{answer:?}, not {expected:?}")) }
        }
        Operation::Head { id } => equal(store.head(id).await, &model.head(id)),
        Operation::Status { id } => equal(store.status(id).await, &model.status(id)),
        Operation::Load { id } => equal(store.load(id).await, &model.load(id)),
        Operation::Update { id, update } => {
            equal(store.update(id, update.clone()).await, &model.update(id, update))
        }
        Operation::Claim { id, lease } => {
            equal(store.claim(id, *lease).await, &model.claim(id, *lease))
        }
        Operation::ClaimAny { lease, max } => {
            let leases = store.claim_any(*lease, *max).await.map_err(|error| error.to_string())?;
            check_claims(model, &leases, *lease, *max)
        }
        Operation::Renew { leases, lease } => {
            let expected: Vec<_> = leases.iter().map(|held| model.renew(held, *lease)).collect();
            equal(store.renew(leases, *lease).await, &expected)
        }
        Operation::List { owner, max } => {
            equal(pages(store, owner, *max).await, &model.list(owner))
        }
        Operation::Sweep { now, max } => {
            let ids = store.sweep(*now, *max).await.map_err(|error| error.to_string())?;
            check_sweep(model, ids.iter().map(|id| &**id), *now, *max)
        }
    }
}

/// Several tasks may have waited equally long by the clock of the store, so any claimable ones may
/// be claimed. With a lease of zero, a task may be claimed again, but not by the same call.
fn check_claims(
    model: &mut Model,
    leases: &[Lease],
    lease: Duration,
    max: usize,
) -> Result<(), String> {
    let mut claimable = model.claimable();
    let count = claimable.len().min(max);
    if leases.len() != count {
        return Err(format!("{} leases, not {count}: {leases:?}", leases.len()));
    }
    for held in leases {
        let Some(index) = claimable.iter().position(|id| **id == *held.id) else {
            return Err(format!("{held:?}, which cannot be claimed"));
        };
        claimable.swap_remove(index);
        let expected = model.claim(&held.id, lease);
        if expected.as_ref() != Some(held) {
            return Err(format!("{held:?}, not {expected:?}"));
        }
    }
    Ok(())
}

/// Of tasks that have expired at the same time, any may be deleted.
fn check_sweep<'a>(
    model: &mut Model,
    ids: impl Iterator<Item = &'a str>,
    now: u64,
    max: usize,
) -> Result<(), String> {
    let mut expired = model.expired(now);
    let ids: Vec<_> = ids.collect();
    let times: Vec<_> = expired.iter().map(|(at, _)| *at).take(max).collect();
    let mut deleted = Vec::new();
    for id in &ids {
        let Some(index) = expired.iter().position(|(_, expired)| expired == id) else {
            return Err(format!("deleted {id:?}, which has not expired"));
        };
        deleted.push(expired.remove(index).0);
        model.delete(id);
    }
    deleted.sort_unstable();
    if deleted == times { Ok(()) } else { Err(format!("deleted {ids:?}, expired at {times:?}")) }
}

async fn pages(
    store: &impl TaskStore,
    owner: &str,
    max: usize,
) -> Result<Vec<TaskHead>, StoreError> {
    let mut tasks = Vec::new();
    let mut after = None;
    // More pages than there are tasks mean that the list never ends.
    for _ in 0..STEPS {
        let page = store.list(owner, after.as_deref(), max).await?;
        tasks.extend(page.tasks);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(tasks)
}

async fn compare(store: &impl TaskStore, model: &Model) -> Result<(), String> {
    for record in model.records() {
        equal(store.load(&record.head.id).await, &Some(record.clone()))?;
        equal(pages(store, &record.head.owner, 2).await, &model.list(&record.head.owner))?;
    }
    for id in (0..7).map(|number| format!("task-{number}")) {
        equal(store.head(&id).await, &model.head(&id))?;
        equal(store.status(&id).await, &model.status(&id))?;
    }
    Ok(())
}

fn equal<T: PartialEq + Debug>(answer: Result<T, StoreError>, expected: &T) -> Result<(), String> {
    match answer {
        Ok(answer) if answer == *expected => Ok(()),
        answer => Err(format!("{answer:?}, not {expected:?}")),
    }
}
