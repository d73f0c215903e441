//! The conformance suite for stores that take over other journals: [`ImportJournal`](crate::ImportJournal) and
//! [`ListSnapshots`](crate::ListSnapshots).
//!
//! Runs on the [`Harness`](crate::testing::conformance::Harness) of the journal:
//! [`import_conformance!`](crate::testing::import_conformance!) is called once, beside `conformance!`.
//!
//! | taking over a journal | |
//! |---|---|
//! | I1 | Events have the ids, versions, times, metadata and payloads that they had, in their order; commands are found by their ids, and appends go on after them. |
//! | I2 | A page is imported as a whole or not at all, also when its future is dropped (500 drops). |
//! | I3 | An event that is not the next one of its stream is a conflict; times do not go back; the limits are those of an append. |
//! | I4 | An import that is repeated is answered, and written once; part of its ids, or its ids elsewhere, are refused. |
//! | I5 | An import wakes whoever waits, and is seen by readers like an append. |
//! | I6 | Snapshots are listed, each once, in pages. |
//! | I7 | A [copy](crate::JournalCopy) to this store and from it is the same journal; it has all that was committed before, goes on where it was ended, and refuses others. |

mod copied;
mod events;
mod pages;
mod refused;
mod snapshots;

/// Makes a test of each point of the [suite for importing stores](mod@crate::testing::conformance::import) for a type that is
/// a [`Harness`](crate::testing::conformance::Harness).
#[macro_export]
#[doc(hidden)]
macro_rules! __import_conformance {
    ($harness:ty) => {
        $crate::__import_conformance! { @points [test $harness] }
    };
    (@each [test $harness:ty] $($file:ident { $($point:ident)* })*) => {$($(
        #[test]
        fn $point() {
            $crate::testing::conformance::import::points::$point::<$harness>();
        }
    )*)*};
    (@each [run] $($file:ident { $($point:ident)* })*) => {$($(
        pub fn $point<H>()
        where
            H: super::super::Harness,
            H::Store: $crate::ImportJournal + $crate::ListSnapshots,
        {
            super::super::harness::run::<H, _>(super::$file::$point);
        }
    )*)*};
    (@points $then:tt) => {
        $crate::__import_conformance! { @each $then
            events {
                i1_events_come_back_as_they_were_in_the_other_journal
                i1_commands_are_found_and_appends_go_on_after_an_import
                i1_an_import_of_no_events_writes_nothing
                i2_an_import_whose_future_is_dropped_happens_as_a_whole_or_not_at_all
                i5_an_import_wakes_whoever_waits
            }
            refused {
                i2_when_one_event_cannot_be_imported_none_is
                i3_an_event_that_is_not_the_next_of_its_stream_is_a_conflict
                i3_times_do_not_go_back
                i4_an_import_that_is_repeated_is_written_once
                i4_an_import_of_which_part_is_there_or_is_elsewhere_is_refused
            }
            snapshots {
                i6_snapshots_are_listed_each_once_and_in_pages
                i6_a_list_goes_on_after_a_snapshot_that_is_gone
            }
            copied {
                i7_a_copy_to_the_store_and_from_it_is_the_same_journal
                i7_a_copy_goes_on_where_it_was_ended
                i7_a_copy_takes_over_what_has_come_since
                i7_a_copy_has_all_that_was_committed_before_though_it_was_held_back
                i7_a_copy_to_a_store_with_other_events_is_refused
            }
        }
    };
}

/// Runs each point: for the macro, and for tests of the suite itself.
#[doc(hidden)]
pub mod points {
    crate::__import_conformance! { @points [run] }
}
