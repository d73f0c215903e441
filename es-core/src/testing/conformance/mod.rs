//! The conformance suite: what every journal and snapshot store must do, each point a test of its own.
//!
//! A store's author writes a [`Harness`], which makes fresh stores, and calls [`conformance!`](crate::testing::conformance!)
//! once. The feature `conformance` of es-core is for dev-dependencies:
//!
//! ```toml
//! [dev-dependencies]
//! es-core = { version = "0.1", features = ["conformance"] }
//! ```
//!
//! ```
//! use std::sync::Arc;
//!
//! use es_core::testing::conformance::Harness;
//! use es_core::{Clock, MemoryStore};
//!
//! struct InMemory;
//!
//! impl Harness for InMemory {
//!     type Store = MemoryStore;
//!
//!     async fn create() -> Self {
//!         Self
//!     }
//!
//!     async fn open(&self, clock: Arc<dyn Clock>) -> MemoryStore {
//!         MemoryStore::builder().clock(clock).build()
//!     }
//! }
//!
//! es_core::testing::conformance!(InMemory);
//! # fn main() {}
//! ```
//!
//! The macro stands where tests may stand; two harnesses in one file each get a `mod` of their own. `--show-output`
//! prints how much each point did. Random points print their seed; `ES_SEED=..` does the same again. `ES_SOAK=1` makes
//! a long run of it.
//!
//! # The points
//!
//! | journal: one stream | |
//! |---|---|
//! | J1 | A replay gives all events of a stream in order, versions 1, 2, 3, .. with no gap, payloads byte for byte. |
//! | J2 | A read has a lower bound, an upper bound and a limit, alone and together; so has one of the payloads alone. |
//! | J3 | A stream never written has no events and version 0; reading it creates nothing. |
//! | J4 | The version of a stream can be asked for without reading it. |
//! | J5 | The events of one append are contiguous, share one recorded time, and are all there or none. |
//! | J6 | An append of no events writes nothing, checks the versions that it expects, and is answered without versions, at [`Position::START`](crate::Position::START). |
//! | J7 | A wrong expected version is a conflict that names the stream, what was expected and what is there; nothing is written. |
//! | J8 | Of N writers that race exactly one wins (N = 2, 8, 32; 200 rounds); a stream that is only checked counts. |
//! | J9 | An event id is written once: an append that is repeated, also at the same moment or under an outdated version, is answered alike; part of its ids, or its ids elsewhere, are refused. |
//! | J10 | A command id is found again with its events; on another stream it is another command. |
//! | J11 | Payloads from 0 bytes to 1 MiB of any content and depth 128 come back; what is above the [`limits`](crate::limits) is refused. |
//! | J12 | Two different ids never meet, whatever their characters and wherever the name of the aggregate ends. |
//! | J13 | Metadata comes back; recorded time is the clock's, and never goes back within a stream. |
//! | J14 | After reopening all of this still holds; two journals have two ids. |
//! | J15 | The version at a time is the last one recorded at that time or before. |
//! | J16 | An append whose future is dropped happens as a whole or not at all (1,000 drops). |
//! | J17 | Random histories are as in a model ([`Harness::HISTORIES`]). |
//!
//! | journal: the whole | |
//! |---|---|
//! | G1 | Reading everything gives each event once, in one order for each reader and at each time; the head is its end, which comes to the newest event once nothing holds that back. |
//! | G2 | The order of a stream's events in it is their order in the stream. |
//! | G3 | Readers among 16 writers see each of 20,000 events once, never at a position that they have passed. |
//! | G4 | An append that failed leaves no event, wakes no one and keeps no one waiting. |
//! | G5 | A filter gives what reading everything and filtering gives; one that lets nothing through makes progress. |
//! | G6 | Reading on from each position in turn gives the rest. |
//! | G7 | An append over several streams is visible at once or not at all; a conflict in one, or in one that is only checked, writes nothing to any. |
//! | G8 | Who waits is woken by an append, in this process and in another, within a second. |
//! | G9 | A page is bounded in events and in bytes; the first event always fits; reading on gives the rest. |
//!
//! | snapshots | |
//! |---|---|
//! | S1 | There is none for an unknown stream. |
//! | S2 | The newest of several is loaded. |
//! | S3 | The newest at or below a version is loaded. |
//! | S4 | Saving at the same version again replaces it. |
//! | S5 | Keeping the newest N deletes the others, of that stream only. |
//! | S6 | One is deleted, or those up to a version; what is not there is no error. |
//! | S7 | 10 MiB come back byte for byte. |
//! | S8 | One of another format is not loaded, and does not hide an older one of the right format. |
//! | S9 | One above the journal's version, or of another history, is ignored by the repository. |
//! | S10 | A corrupt one costs a replay and is no error. |

mod append;
mod atomic;
mod content;
mod counter;
mod dropped;
mod follow;
mod given;
mod harness;
mod history;
pub mod import;
mod model;
mod names;
mod order;
pub mod outbox;
mod pages;
mod race;
pub mod reactions;
pub mod read_store;
mod reopen;
mod repeat;
mod replay;
mod restored;
mod seen;
mod snapshots;
mod times;
mod wait;

pub use harness::Harness;

/// Makes a test of each point of the [conformance suite](mod@crate::testing::conformance) for a type that is a
/// [`Harness`](crate::testing::conformance::Harness).
#[macro_export]
#[doc(hidden)]
macro_rules! __conformance {
    ($harness:ty) => {
        $crate::__conformance! { @points [test $harness] }
    };
    (@each [test $harness:ty] $($file:ident { $($point:ident)* })*) => {$($(
        #[test]
        fn $point() {
            $crate::testing::conformance::points::$point::<$harness>();
        }
    )*)*};
    (@each [run] $($file:ident { $($point:ident)* })*) => {$($(
        pub fn $point<H: super::Harness>() {
            super::harness::run::<H, _>(super::$file::$point);
        }
    )*)*};
    (@points $then:tt) => {
        $crate::__conformance! { @each $then
            replay {
                j01_a_replay_gives_all_events_of_a_stream_in_order_and_byte_for_byte
                j02_a_read_of_a_stream_has_a_lower_bound_an_upper_bound_and_a_limit
                j02_equal_bounds_give_one_event
                j02_payloads_alone_are_those_of_the_events
                j02_a_lower_bound_above_the_upper_or_a_limit_of_0_gives_no_event
                j03_a_stream_that_was_never_written_has_no_events_and_version_0
                j03_reading_a_stream_does_not_create_it
                j04_the_version_of_a_stream_is_that_of_its_last_event
            }
            append {
                j05_the_events_of_one_append_are_contiguous_and_share_one_recorded_time
                j05_when_one_event_of_an_append_cannot_be_stored_none_is
                j05_an_event_id_stands_once_in_an_append
                j06_an_append_of_no_events_writes_nothing_and_says_so
                j06_an_append_of_no_events_checks_the_versions_that_it_expects
                j07_an_append_is_written_when_the_stream_has_the_expected_version
                j07_a_wrong_expectation_is_a_conflict_that_names_the_stream_and_both_versions
            }
            race {
                j08_of_2_writers_that_race_exactly_one_wins
                j08_of_8_writers_that_race_exactly_one_wins
                j08_of_32_writers_that_race_exactly_one_wins
                j08_of_two_writers_that_each_check_the_others_stream_at_most_one_wins
                j09_of_identical_appends_at_one_moment_one_is_written_and_all_are_answered_alike
            }
            repeat {
                j09_an_append_that_is_repeated_is_answered_with_the_same_positions
                j09_an_append_is_recognised_under_another_expected_version_and_after_later_events
                j09_an_append_to_several_streams_is_recognised_though_a_checked_stream_has_changed
                j09_an_append_of_which_part_is_in_the_journal_is_refused
                j09_event_ids_of_another_stream_or_in_another_order_are_refused
                j10_a_command_is_found_again_with_the_events_it_led_to
                j10_a_command_id_on_another_stream_is_another_command
                j10_a_command_on_several_streams_is_found_on_each
                j10_a_command_whose_id_is_given_again_is_found_from_its_first_event_to_its_last
            }
            content {
                j11_payloads_of_no_byte_and_of_each_byte_come_back
                j11_a_text_of_any_characters_comes_back
                j11_a_payload_of_1_mib_comes_back
                j11_a_payload_above_1_mib_is_refused
                j11_a_payload_nested_128_deep_comes_back
                j11_an_append_has_up_to_1000_events_and_1000_streams
                j11_names_of_events_have_up_to_255_bytes_of_any_characters
                j11_metadata_of_64_kib_comes_back_and_above_it_is_refused
            }
            names {
                j12_two_different_ids_never_meet
                j12_it_matters_where_the_name_of_the_aggregate_ends
                j12_an_id_that_is_empty_or_too_long_is_refused
            }
            times {
                j13_metadata_comes_back_as_it_was_given
                j13_an_event_is_recorded_at_the_time_that_the_clock_shows
                j13_recorded_time_never_goes_back_within_a_stream_even_when_the_clock_does
                j15_the_version_at_a_time_is_the_last_one_recorded_by_then
            }
            reopen {
                j14_two_journals_have_two_ids
                j14_a_store_that_is_opened_again_is_as_it_was
                j14_a_store_that_is_opened_again_goes_on_where_it_ended
            }
            dropped {
                j16_an_append_whose_future_is_dropped_happens_as_a_whole_or_not_at_all
            }
            history {
                j17_random_histories_are_as_in_the_model
            }
            order {
                g01_reading_everything_gives_every_event_once_and_always_in_one_order
                g01_the_head_is_the_position_of_the_last_event
                g01_the_newest_event_is_known_at_once_and_read_when_nothing_holds_it_back
                g02_the_events_of_a_stream_are_in_the_order_of_the_stream
                g05_a_filter_gives_what_reading_everything_and_filtering_gives
                g05_a_reader_whose_filter_lets_nothing_through_makes_progress
                g06_reading_on_from_each_position_in_turn_gives_the_rest
            }
            follow {
                g03_readers_among_16_writers_see_each_event_once_and_never_at_a_position_they_have_passed
            }
            wait {
                g04_an_append_that_failed_wakes_no_one_and_the_next_one_is_read
                g08_a_wait_for_what_is_there_ends_at_once
                g08_all_that_wait_are_woken_by_an_append
                g08_who_waits_in_another_process_is_woken_by_an_append
            }
            atomic {
                g07_an_append_over_several_streams_is_visible_at_once_or_not_at_all
                g07_the_streams_of_an_append_are_answered_in_its_order
                g07_a_conflict_in_one_stream_writes_nothing_to_any
                g07_a_stream_that_is_only_checked_is_not_written
                g07_a_stream_stands_once_in_an_append
            }
            pages {
                g09_a_page_is_bounded_in_events_and_in_bytes_and_reading_on_gives_the_rest
                g09_an_event_larger_than_a_page_is_a_page_of_its_own
                g09_a_stream_of_5000_events_is_read_page_by_page
            }
            snapshots {
                s01_there_is_no_snapshot_of_an_unknown_stream
                s02_the_newest_of_several_snapshots_is_loaded
                s03_the_newest_snapshot_at_or_below_a_version_is_loaded
                s04_saving_at_the_same_version_again_replaces_the_snapshot
                s05_keeping_the_newest_deletes_the_others_of_that_stream_only
                s05_the_newest_are_kept_whatever_their_format
                s06_one_snapshot_or_those_up_to_a_version_are_deleted
                s06_deleting_what_is_not_there_is_no_error
                s07_a_snapshot_of_10_mib_comes_back_byte_for_byte
                s08_a_snapshot_of_another_format_is_not_loaded
                s08_the_newest_snapshot_of_the_format_is_loaded_below_one_of_another
            }
            restored {
                s09_a_snapshot_above_the_version_of_the_journal_is_ignored
                s09_a_snapshot_of_another_history_is_ignored
                s10_a_corrupt_snapshot_costs_a_replay_and_is_no_error
                s10_a_snapshot_that_fits_is_used
            }
        }
    };
}

/// Runs each point: for the macro, and for tests of the suite itself.
#[doc(hidden)]
pub mod points {
    crate::__conformance! { @points [run] }
}
