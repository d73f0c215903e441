//! The conformance suite: what every journal and snapshot store must do.

mod append;
mod atomic;
mod content;
mod counter;
mod dropped;
mod follow;
mod given;
mod harness;
mod history;
mod model;
mod names;
mod order;
mod pages;
mod race;
mod reopen;
mod repeat;
mod replay;
mod restored;
mod seen;
mod snapshots;
mod times;
mod wait;

pub use harness::Harness;

/// Makes a test of each point of the suite, for a type that is a [`Harness`].
#[doc(hidden)]
#[macro_export]
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
