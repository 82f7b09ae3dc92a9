//! All checks of the stores that a server uses for sessions, one after the other.

use super::checks::{bus, events, nonces, session_expiry, session_quotas, sessions};
use super::fixture::StoreFixture;
use super::history::random_session_histories;
use super::run::{Run, run_checks};
use crate::store::bus::MessageBus;
use crate::store::event::EventStore;
use crate::store::nonce::NonceStore;
use crate::store::session::SessionStore;

/// Runs every check of a store of sessions against stores of a fixture.
///
/// # Panics
/// If a check fails, after all have run. The message has the name and the reason of each check that
/// failed.
pub async fn check_session_store<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let mut run = Run::default();
    run_checks!(
        run,
        fixture,
        sessions::a_created_session_is_seen_at_once,
        sessions::a_second_session_with_the_same_key_is_refused,
        sessions::of_64_creators_of_one_key_one_succeeds,
        sessions::contents_of_any_kind_survive,
        sessions::sessions_survive_a_restart,
        sessions::an_update_of_another_version_is_refused,
        sessions::of_64_updates_of_one_version_one_applies,
        sessions::no_update_is_lost_under_racing_writers,
        sessions::a_removed_session_leaves_nothing_behind,
        sessions::of_64_removals_one_removes,
        sessions::a_reading_client_is_noticed,
        session_quotas::the_quota_of_all_sessions_is_exact,
        session_quotas::the_quota_of_an_owner_is_exact,
        session_quotas::anonymous_sessions_count_only_among_all,
        session_quotas::owners_may_be_any_text,
        session_quotas::quotas_are_exact_under_64_creators,
        session_expiry::an_expired_session_does_not_exist,
        session_expiry::only_a_use_changes_the_expiry,
        session_expiry::a_used_session_lasts_longer,
        session_expiry::a_use_may_shorten_the_time,
        session_expiry::a_session_without_time_is_gone_at_once,
        session_expiry::a_time_of_any_length_is_accepted,
        session_expiry::a_sweep_deletes_expired_sessions_only,
    );
    let histories = random_session_histories(fixture, 0..fixture.histories());
    run.check("random_session_histories", histories).await;
    run.finish();
}

/// Runs every check of a store of events against stores of a fixture.
///
/// # Panics
/// As [`check_session_store`].
pub async fn check_event_store<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let mut run = Run::default();
    run_checks!(
        run,
        fixture,
        events::a_stream_is_replayed_from_any_of_its_events,
        events::an_unknown_event_or_stream_is_refused,
        events::numbers_may_be_left_out,
        events::numbers_of_any_size_keep_their_order,
        events::streams_are_independent,
        events::a_stream_that_is_kept_for_longer_does_not_change,
        events::a_forgotten_session_has_no_streams,
        events::data_of_any_kind_survives,
        events::events_of_a_mebibyte_survive,
        events::the_last_event_is_kept_whatever_its_length,
        events::what_is_dropped_is_never_missing_silently,
        events::a_stream_without_its_beginning_has_a_gap,
        events::a_stream_that_was_dropped_and_continues_has_a_gap,
        events::racing_streams_lose_nothing,
    );
    run.finish();
}

/// Runs every check of a store of single-use values against stores of a fixture.
///
/// # Panics
/// As [`check_session_store`].
pub async fn check_nonce_store<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let mut run = Run::default();
    run_checks!(
        run,
        fixture,
        nonces::a_value_is_used_once,
        nonces::of_64_uses_of_one_value_one_is_the_first,
        nonces::values_may_be_any_bytes,
        nonces::a_value_is_remembered_for_its_time,
        nonces::a_time_of_any_length_is_accepted,
        nonces::the_quota_of_all_values_is_exact,
        nonces::the_quota_of_an_owner_is_exact,
        nonces::quotas_are_exact_under_64_users,
        nonces::values_whose_time_has_passed_do_not_count,
    );
    run.finish();
}

/// Runs every check of a message bus against buses of a fixture.
///
/// # Panics
/// As [`check_session_store`].
pub async fn check_message_bus<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let mut run = Run::default();
    run_checks!(
        run,
        fixture,
        bus::every_reader_receives_every_message_in_one_order,
        bus::messages_of_two_handles_keep_their_order,
        bus::messages_of_any_kind_arrive,
        bus::a_message_that_is_too_long_is_refused,
        bus::a_slow_reader_learns_that_it_missed_messages,
        bus::a_value_is_taken_once,
        bus::of_64_takers_of_one_value_one_receives_it,
        bus::values_and_their_keys_may_be_anything,
        bus::a_value_is_deleted_after_its_time,
        bus::an_instance_is_alive_until_its_time_has_passed,
        bus::an_instance_that_stops_is_not_alive,
        bus::a_time_of_any_length_is_accepted,
    );
    run.finish();
}
