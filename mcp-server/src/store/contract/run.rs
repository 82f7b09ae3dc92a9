//! All checks of a store of tasks, one after the other.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::checks::{expiry, feed, journal, leases, owners, quotas, records, updates};
use super::fixture::StoreFixture;
use super::history::random_histories;
use crate::store::task::TaskStore;

/// Runs checks, each with its name.
macro_rules! run_checks {
    ($run:ident, $fixture:ident, $($module:ident::$check:ident),* $(,)?) => {
        $($run.check(stringify!($module::$check), $module::$check($fixture)).await;)*
    };
}
#[cfg(feature = "http")]
pub(super) use run_checks;

/// Runs every check against stores of a fixture.
///
/// # Panics
/// If a check fails, after all have run. The message has the name and the reason of each check that
/// failed.
pub async fn check_task_store<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let mut run = Run::default();
    run_checks!(
        run,
        fixture,
        records::a_created_task_is_seen_at_once,
        records::a_second_task_with_the_same_id_is_refused,
        records::of_64_creators_of_one_id_one_succeeds,
        records::blobs_of_a_mebibyte_survive,
        records::ids_and_owners_may_be_any_text,
        records::every_field_survives,
        records::tasks_survive_a_restart,
        quotas::the_quota_of_all_tasks_is_exact,
        quotas::the_quota_of_an_owner_is_exact,
        quotas::quotas_are_exact_under_64_creators,
        updates::an_update_of_another_version_is_refused,
        updates::a_terminal_task_never_changes,
        updates::an_update_keeps_what_it_does_not_name,
        updates::an_update_of_an_unknown_task_finds_none,
        updates::of_64_updates_of_one_version_one_applies,
        journal::entries_keep_their_order,
        journal::no_entry_is_lost_under_racing_writers,
        leases::of_64_claims_one_wins,
        leases::claims_of_any_task_share_the_tasks,
        leases::a_lease_that_has_ended_is_taken_over,
        leases::a_renewed_lease_lasts_longer,
        leases::a_lease_of_any_length_is_accepted,
        leases::a_write_with_an_old_fence_is_refused,
        leases::a_renewal_tells_which_leases_are_valid,
        leases::a_renewal_for_no_time_releases,
        leases::only_working_tasks_can_be_claimed,
        leases::a_task_that_works_again_can_be_claimed_at_once,
        leases::the_task_that_has_waited_longest_is_claimed_first,
        owners::a_list_has_the_tasks_of_its_owner_only,
        owners::a_list_is_read_in_pages_oldest_first,
        owners::a_list_and_a_status_have_no_outcomes,
        owners::pages_are_stable_under_new_and_deleted_tasks,
        owners::tasks_of_the_same_time_are_all_listed,
        owners::a_position_that_is_not_one_is_refused,
        expiry::a_task_is_deleted_at_its_time_and_not_before,
        expiry::a_sweep_deletes_at_most_its_maximum,
        expiry::a_changed_expiry_is_honoured,
        expiry::a_deleted_task_leaves_nothing_behind,
        expiry::racing_sweeps_delete_each_task_once,
        feed::every_change_is_reported,
        feed::refused_changes_are_not_reported,
        feed::changes_of_racing_writers_are_in_order,
        feed::a_slow_reader_learns_that_it_missed_changes,
    );
    let histories = random_histories(fixture, 0..fixture.histories());
    run.check("random_histories", histories).await;
    run.finish();
}

/// What a run of checks has found.
#[derive(Default)]
pub(super) struct Run {
    checks: usize,
    failures: Vec<String>,
}

impl Run {
    pub(super) async fn check(&mut self, name: &str, check: impl Future<Output = ()>) {
        self.checks += 1;
        if let Err(panic) = AssertUnwindSafe(check).catch_unwind().await {
            self.failures.push(format!("{name}: {}", message(&*panic)));
        }
    }

    pub(super) fn finish(self) {
        let Self { checks, failures } = self;
        let failed = failures.len();
        assert!(failed == 0, "{failed} of {checks} checks failed:\n{}", failures.join("\n"));
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked")
}
