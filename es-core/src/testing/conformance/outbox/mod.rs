//! The conformance suite for outboxes: what every read store must do that keeps messages to be sent.
//!
//! A store's author who has a [`ReadHarness`](super::read_store::ReadHarness) calls
//! [`outbox_conformance!`](crate::testing::outbox_conformance!) once, as for [read stores](mod@super::read_store).
//!
//! | outboxes | |
//! |---|---|
//! | O1 | Messages and the checkpoint change in one transaction: all or nothing. |
//! | O2 | Messages that are ready come in the order of their keys, as they were put, in pages of some bytes; streams can be left out. |
//! | O3 | What was sent is not ready any more; where it is kept, it is deleted by time, some at once. |
//! | O4 | What is parked is not ready until it is taken back, all of it or one stream's; one message can be discarded. What has taken the place of a message that failed is not parked. |
//! | O5 | Outboxes of two names do not meet. |
//! | O6 | The size says how many messages are ready and parked, and where the first ones are. |
//! | O7 | A message that is put once more is to be sent once more, also where the one before it is being sent; and all that is still to be sent can be taken out. |
//! | O8 | Each message is sent, in the order of its stream, over 100 relays that are ended at random moments. |

mod messages;
mod relays;

/// Makes a test of each point of the [suite for outboxes](mod@crate::testing::conformance::outbox) for a type that is a
/// [`ReadHarness`](crate::testing::conformance::read_store::ReadHarness) of an [`OutboxStore`](crate::OutboxStore).
#[macro_export]
#[doc(hidden)]
macro_rules! __outbox_conformance {
    ($harness:ty) => {
        $crate::__outbox_conformance! { @points [test $harness] }
    };
    (@each [test $harness:ty] $($file:ident { $($point:ident)* })*) => {$($(
        #[test]
        fn $point() {
            $crate::testing::conformance::outbox::points::$point::<$harness>();
        }
    )*)*};
    (@each [run] $($file:ident { $($point:ident)* })*) => {$($(
        pub fn $point<H: super::super::read_store::ReadHarness<Store: $crate::OutboxStore>>() {
            super::super::read_store::harness::run::<H, _>(super::$file::$point);
        }
    )*)*};
    (@points $then:tt) => {
        $crate::__outbox_conformance! { @each $then
            messages {
                o1_messages_are_there_with_the_checkpoint_or_not_at_all
                o2_messages_come_in_the_order_of_their_keys
                o2_messages_come_back_as_they_were_put
                o2_messages_come_in_pages_of_some_bytes_and_one_always_fits
                o2_streams_can_be_left_out
                o3_what_was_sent_is_not_ready_any_more
                o3_what_was_kept_is_deleted_by_time_some_at_once
                o4_what_is_parked_waits_until_it_is_taken_back
                o4_a_parked_message_can_be_discarded
                o4_another_message_in_the_place_of_one_that_failed_is_not_parked
                o5_outboxes_of_two_names_do_not_meet
                o6_the_size_is_what_is_there
                o7_a_message_that_is_put_once_more_is_sent_once_more
                o7_a_message_that_takes_the_place_of_one_being_sent_is_sent_too
                o7_what_is_still_to_be_sent_can_be_taken_out
            }
            relays {
                o8_each_message_is_sent_in_order_though_relays_end_at_any_moment
            }
        }
    };
}

/// Runs each point: for the macro, and for tests of the suite itself.
#[doc(hidden)]
pub mod points {
    crate::__outbox_conformance! { @points [run] }
}
