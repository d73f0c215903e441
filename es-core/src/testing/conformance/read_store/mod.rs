//! The conformance suite for read stores: what everything that keeps read models must do.
//!
//! A store's author writes a [`ReadHarness`] and calls
//! [`read_store_conformance!`](crate::testing::read_store_conformance!) once, as for the
//! [journal](mod@crate::testing::conformance).
//!
//! | read stores | |
//! |---|---|
//! | R1 | The checkpoint, the read model and what is parked change in one transaction: all or nothing, also when its future is dropped (500 drops). |
//! | R2 | Each event is projected exactly once, in order, over 100 projectors that are ended at random moments. |
//! | R3 | Two projectors of one name do not both advance: the second waits, or is refused; those of two names do not meet. |
//! | R4 | Waiting for a position ends when, and only when, the read model shows it; with an error when the projector fails or stops. |
//! | R5 | Reset, rebuild and another version start from nothing and end with the same read model. |
//! | R6 | A checkpoint comes back as it was saved; a projection has its own. |
//! | R7 | Parked events come back in their order, for the projection that parked them. |
//! | R8 | An event that fails, or panics, leaves nothing; one that is parked holds up its stream alone. |

pub(super) mod harness;
pub(super) mod model;
mod parked;
mod projectors;
mod rebuilt;
pub(super) mod transactions;

pub use harness::ReadHarness;

/// Makes a test of each point of the [suite for read stores](mod@crate::testing::conformance::read_store) for a type that
/// is a [`ReadHarness`](crate::testing::conformance::read_store::ReadHarness).
#[macro_export]
#[doc(hidden)]
macro_rules! __read_store_conformance {
    ($harness:ty) => {
        $crate::__read_store_conformance! { @points [test $harness] }
    };
    (@each [test $harness:ty] $($file:ident { $($point:ident)* })*) => {$($(
        #[test]
        fn $point() {
            $crate::testing::conformance::read_store::points::$point::<$harness>();
        }
    )*)*};
    (@each [run] $($file:ident { $($point:ident)* })*) => {$($(
        pub fn $point<H: super::ReadHarness>() {
            super::harness::run::<H, _>(super::$file::$point);
        }
    )*)*};
    (@points $then:tt) => {
        $crate::__read_store_conformance! { @each $then
            transactions {
                r1_what_is_committed_is_there_with_its_checkpoint
                r1_what_is_rolled_back_leaves_nothing
                r1_a_checkpoint_that_is_saved_at_the_end_is_there_with_the_rest
                r1_a_transaction_whose_future_is_dropped_happens_as_a_whole_or_not_at_all
                r6_there_is_no_checkpoint_before_the_first
                r6_a_checkpoint_comes_back_as_it_was_saved
                r6_each_projection_has_a_checkpoint_of_its_own
            }
            projectors {
                r2_each_event_is_projected_once_and_in_order_though_projectors_end_at_any_moment
                r3_a_lease_is_one_projectors_until_it_is_dropped
                r3_of_two_projectors_the_second_waits_and_then_goes_on
                r4_waiting_for_a_position_ends_when_the_read_model_shows_it
                r4_a_projector_that_waits_for_another_shows_how_far_that_one_is
                r4_waiting_ends_with_an_error_when_the_projector_fails_or_stops
            }
            rebuilt {
                r5_a_rebuilt_read_model_is_the_same_again
                r5_another_version_starts_from_nothing_and_ends_with_the_same
                r5_a_read_model_that_cannot_be_made_leaves_nothing
            }
            parked {
                r7_parked_events_come_back_in_their_order
                r7_parked_events_are_those_of_one_projection
                r8_an_event_that_fails_leaves_nothing_of_itself
                r8_a_parked_event_holds_up_its_stream_alone_until_it_is_replayed
            }
        }
    };
}

/// Runs each point: for the macro, and for tests of the suite itself.
#[doc(hidden)]
pub mod points {
    crate::__read_store_conformance! { @points [run] }
}
