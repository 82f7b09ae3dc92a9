//! Claims of tasks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::support::{
    LONG, NOW, QUOTA, RACERS, SHORT, create, handle, head, poll, race, read, set_state, task,
    update,
};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{Lease, TaskState, TaskStore, UpdateOutcome};

/// What the clock of a store may be coarser than that of the checks.
const COARSE: Duration = Duration::from_millis(5);

async fn claim(store: &impl TaskStore, id: &str, lease: Duration) -> Option<Lease> {
    store.claim(id, lease).await.expect("the claim is answered")
}

async fn claim_any(store: &impl TaskStore, lease: Duration, max: usize) -> Vec<Lease> {
    store.claim_any(lease, max).await.expect("the claim is answered")
}

async fn renew(store: &impl TaskStore, leases: &[Lease], lease: Duration) -> Vec<bool> {
    store.renew(leases, lease).await.expect("the renewal is answered")
}

/// Of racing claims of one task, one wins.
pub async fn of_64_claims_one_wins<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    create(&*handles[0], head("task")).await;
    let leases = race(|number| {
        let store = handle(&handles, number);
        async move {
            if number % 3 == 0 {
                claim_any(&*store, LONG, 5).await.pop()
            } else {
                claim(&*store, "task", LONG).await
            }
        }
    });
    let leases: Vec<_> = leases.await.into_iter().flatten().collect();
    assert_eq!(leases, [Lease::new("task", 1)]);
    let task = read(&*handles[1], "task").await;
    assert_eq!((task.fence, task.version), (1, 1), "a claim raises the fence alone");
}

/// Racing claims of any task never receive the same one, at most as many as they ask for, and
/// together all.
pub async fn claims_of_any_task_share_the_tasks<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    let tasks = RACERS * 2 + RACERS / 2;
    for number in 0..tasks {
        create(&*handles[0], head(&format!("task-{number}"))).await;
    }
    assert_eq!(claim_any(&*handles[0], LONG, 0).await, []);
    let leases = race(|number| {
        let store = handle(&handles, number);
        async move { claim_any(&*store, LONG, 3).await }
    });
    let leases = leases.await;
    assert!(leases.iter().all(|leases| leases.len() <= 3), "more leases than asked for");
    let leases: Vec<_> = leases.into_iter().flatten().collect();
    assert!(leases.iter().all(|lease| lease.fence == 1), "a task was claimed twice");
    let ids: HashSet<_> = leases.iter().map(|lease| Arc::clone(&lease.id)).collect();
    assert_eq!((leases.len(), ids.len()), (tasks as usize, tasks as usize));
    assert_eq!(claim_any(&*handles[1], LONG, 9).await, []);
}

/// A lease is valid for its time, and then another worker can claim the task. The fence rises.
pub async fn a_lease_that_has_ended_is_taken_over<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let start = Instant::now();
    let new = task(head("task")).leased(SHORT);
    store.create(new, QUOTA).await.expect("the task is created");
    let fence = poll("the lease of a creator ends", async || {
        claim(&second, "task", SHORT).await.map(|lease| lease.fence)
    });
    assert_eq!(fence.await, 2);
    assert!(start.elapsed() + COARSE >= SHORT, "a lease has ended before its time");
    let start = Instant::now();
    let taken =
        poll("the lease of a claimer ends", async || claim_any(&store, LONG, 1).await.pop());
    assert_eq!(taken.await, Lease::new("task", 3));
    assert!(start.elapsed() + COARSE * 2 >= SHORT / 2, "a lease has ended before its time");
    assert_eq!(claim(&second, "task", LONG).await, None);
}

/// A lease that is renewed is valid for the new time, also if its time had passed.
pub async fn a_renewed_lease_lasts_longer<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, head("early")).await;
    create(&store, head("late")).await;
    let early = claim(&store, "early", SHORT).await.expect("a lease");
    let late = claim(&store, "late", SHORT).await.expect("a lease");
    assert_eq!(renew(&store, std::slice::from_ref(&early), LONG).await, [true]);
    tokio::time::sleep(SHORT + COARSE * 4).await;
    assert_eq!(renew(&store, std::slice::from_ref(&late), LONG).await, [true]);
    for id in ["early", "late"] {
        assert_eq!(claim(&store, id, LONG).await, None, "the lease of {id} was renewed");
    }
    // A renewal may also shorten a lease.
    assert_eq!(renew(&store, std::slice::from_ref(&early), SHORT).await, [true]);
    let taken =
        poll("a lease that was shortened ends", async || claim(&store, "early", LONG).await);
    assert_eq!(taken.await.fence, 2);
}

/// A lease may be as long as a duration can be.
pub async fn a_lease_of_any_length_is_accepted<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let new = task(head("created")).leased(Duration::MAX);
    store.create(new, QUOTA).await.expect("the task is created");
    create(&store, head("claimed")).await;
    let lease = claim(&store, "claimed", Duration::MAX).await.expect("a lease");
    assert_eq!(renew(&store, &[lease], Duration::MAX).await, [true]);
    assert_eq!(claim_any(&store, LONG, 9).await, []);
    create(&store, head("brief")).await;
    assert_eq!(claim(&store, "brief", Duration::from_nanos(1)).await.map(|l| l.fence), Some(1));
    poll("a lease of a nanosecond ends", async || claim(&store, "brief", LONG).await).await;
}

/// A worker whose task was claimed by another one cannot write any more. Writers without a fence
/// can.
pub async fn a_write_with_an_old_fence_is_refused<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    create(&store, head("task")).await;
    let old = claim(&store, "task", Duration::ZERO).await.expect("a lease");
    let outcome = update(&store, "task", |update| update.fence = Some(old.fence)).await;
    assert_eq!(outcome, UpdateOutcome::Applied(2), "a lease that has ended is still the last");
    let new = claim(&second, "task", LONG).await.expect("a lease");
    assert!(new.fence > old.fence, "the fence does not rise");
    let before = read(&store, "task").await;
    for fence in [old.fence, 0, new.fence + 1] {
        let outcome = update(&store, "task", |update| {
            update.fence = Some(fence);
            update.state = TaskState::Completed;
        });
        assert_eq!(outcome.await, UpdateOutcome::Fenced, "fence {fence}");
    }
    assert_eq!(read(&store, "task").await, before);
    // Also if the version is another one.
    let outcome = update(&store, "task", |update| {
        update.fence = Some(old.fence);
        update.version = 1;
    });
    assert_eq!(outcome.await, UpdateOutcome::Fenced);
    assert_eq!(update(&store, "task", |_| ()).await, UpdateOutcome::Applied(3));
    let outcome = update(&second, "task", |update| update.fence = Some(new.fence)).await;
    assert_eq!(outcome, UpdateOutcome::Applied(4));
}

/// A renewal tells for each lease whether it is the last one of a working task.
pub async fn a_renewal_tells_which_leases_are_valid<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    assert_eq!(renew(&store, &[], LONG).await, Vec::<bool>::new());
    for id in ["held", "taken", "waiting", "ended", "deleted"] {
        let mut head = head(id);
        head.expires_at = (id == "deleted").then_some(NOW);
        create(&store, head).await;
    }
    let mut leases = Vec::new();
    for id in ["held", "taken", "waiting", "ended", "deleted"] {
        let lease = if id == "taken" { Duration::ZERO } else { LONG };
        leases.push(claim(&store, id, lease).await.expect("a lease"));
    }
    assert_eq!(claim(&store, "taken", LONG).await, Some(Lease::new("taken", 2)));
    set_state(&store, "waiting", TaskState::InputRequired).await;
    set_state(&store, "ended", TaskState::Cancelled).await;
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered").len(), 1);
    leases.push(Lease::new("unknown", 1));
    leases.push(Lease::new("taken", 2));
    leases.push(Lease::new("held", 2));
    let valid = renew(&store, &leases, LONG).await;
    assert_eq!(valid, [true, false, false, false, false, false, true, false]);
    assert_eq!(claim_any(&store, LONG, 9).await, [], "a renewal has made a task claimable");
    assert_eq!(renew(&store, &leases, Duration::ZERO).await, valid);
}

/// A renewal for no time releases: another worker can claim the task at once. Until it does, the
/// lease can still be renewed.
pub async fn a_renewal_for_no_time_releases<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    create(&store, head("one")).await;
    create(&store, head("two")).await;
    let leases = claim_any(&store, LONG, 2).await;
    assert_eq!(renew(&store, &leases, Duration::ZERO).await, [true, true]);
    let one = Lease::new("one", 1);
    assert_eq!(renew(&store, std::slice::from_ref(&one), LONG).await, [true]);
    assert_eq!(claim_any(&second, LONG, 9).await, [Lease::new("two", 2)]);
    assert_eq!(renew(&store, std::slice::from_ref(&one), Duration::ZERO).await, [true]);
    assert_eq!(claim(&second, "one", LONG).await, Some(Lease::new("one", 2)));
    assert_eq!(renew(&store, &[one], Duration::ZERO).await, [false]);
    assert_eq!(claim_any(&store, LONG, 9).await, [], "a renewal has released the lease of another");
}

/// Tasks in other states than working cannot be claimed, and unknown ones neither.
pub async fn only_working_tasks_can_be_claimed<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    assert_eq!(claim(&store, "task", LONG).await, None);
    assert_eq!(claim_any(&store, LONG, 9).await, []);
    for state in TaskState::ALL.into_iter().filter(|state| *state != TaskState::Working) {
        // Created in this state, and changed to it.
        let mut created = head(&format!("created {}", state.as_str()));
        created.state = state;
        create(&store, created.clone()).await;
        let changed = format!("changed {}", state.as_str());
        create(&store, head(&changed)).await;
        set_state(&store, &changed, state).await;
        for id in [&*created.id, &*changed] {
            assert_eq!(claim(&store, id, LONG).await, None, "{id}");
            assert_eq!(read(&store, id).await.fence, 0);
        }
    }
    assert_eq!(claim_any(&store, LONG, 9).await, []);
}

/// A task loses its lease when it leaves the state of working, and can be claimed at once when it
/// returns to it.
pub async fn a_task_that_works_again_can_be_claimed_at_once<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    create(&store, head("task")).await;
    let lease = claim(&store, "task", LONG).await.expect("a lease");
    update(&store, "task", |_| ()).await;
    assert_eq!(claim(&store, "task", LONG).await, None, "an update has ended a lease");
    set_state(&store, "task", TaskState::InputRequired).await;
    assert_eq!(claim(&store, "task", LONG).await, None);
    assert_eq!(renew(&store, std::slice::from_ref(&lease), LONG).await, [false]);
    set_state(&store, "task", TaskState::Working).await;
    assert_eq!(claim(&store, "task", LONG).await, Some(Lease::new("task", 2)));
    set_state(&store, "task", TaskState::InputRequired).await;
    set_state(&store, "task", TaskState::Working).await;
    assert_eq!(claim_any(&store, LONG, 9).await, [Lease::new("task", 3)]);
}

/// Tasks are claimed in the order in which they have become claimable.
pub async fn the_task_that_has_waited_longest_is_claimed_first<
    F: StoreFixture<Store: TaskStore>,
>(
    fixture: &F,
) {
    let store = fixture.open().await;
    for id in ["c", "a", "d", "b"] {
        create(&store, head(id)).await;
        tokio::time::sleep(COARSE).await;
    }
    // "d" becomes claimable last.
    let lease = claim(&store, "d", LONG).await.expect("a lease");
    assert_eq!(renew(&store, &[lease], Duration::ZERO).await, [true]);
    let ids = |leases: Vec<Lease>| leases.iter().map(|l| l.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(claim_any(&store, LONG, 1).await), ["c"]);
    assert_eq!(ids(claim_any(&store, LONG, 2).await), ["a", "b"]);
    assert_eq!(ids(claim_any(&store, LONG, 2).await), ["d"]);
}
