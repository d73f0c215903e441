//! The conformance suite for reactions: what every read store must do that keeps timers and answers for them.
//!
//! A store's author who has a [`ReadHarness`](super::read_store::ReadHarness) calls
//! [`reaction_conformance!`](crate::testing::reaction_conformance!) once, as for [read stores](mod@super::read_store).
//!
//! | reactions | |
//! |---|---|
//! | T1 | Timers, answers and the checkpoint change in one transaction: all or nothing. |
//! | T2 | Timers come back as they were set, in the order in which they are due; those that were put aside come apart. |
//! | T3 | A stream has one timer of a name; set again, it takes the place of the one before; it can be removed. |
//! | T4 | Answers come back as they were kept, until those of their occasion are forgotten. |
//! | T5 | Reactions of two names do not meet, and what is there survives the store. |
//! | T6 | Each command takes effect once and each timer fires, over 100 reactors that are ended at random moments. |

mod kept;
mod reactors;

/// Makes a test of each point of the [suite for reactions](mod@crate::testing::conformance::reactions) for a type that is a
/// [`ReadHarness`](crate::testing::conformance::read_store::ReadHarness) of a [`ReactionStore`](crate::ReactionStore).
#[macro_export]
#[doc(hidden)]
macro_rules! __reaction_conformance {
    ($harness:ty) => {
        $crate::__reaction_conformance! { @points [test $harness] }
    };
    (@each [test $harness:ty] $($file:ident { $($point:ident)* })*) => {$($(
        #[test]
        fn $point() {
            $crate::testing::conformance::reactions::points::$point::<$harness>();
        }
    )*)*};
    (@each [run] $($file:ident { $($point:ident)* })*) => {$($(
        pub fn $point<H: super::super::read_store::ReadHarness<Store: $crate::ReactionStore>>() {
            super::super::read_store::harness::run::<H, _>(super::$file::$point);
        }
    )*)*};
    (@points $then:tt) => {
        $crate::__reaction_conformance! { @each $then
            kept {
                t1_timers_and_answers_are_there_with_the_checkpoint_or_not_at_all
                t2_timers_come_back_as_they_were_set_in_the_order_in_which_they_are_due
                t3_a_stream_has_one_timer_of_a_name
                t4_answers_come_back_as_they_were_kept_until_they_are_forgotten
                t5_reactions_of_two_names_do_not_meet
            }
            reactors {
                t6_each_command_takes_effect_once_though_reactors_end_at_any_moment
            }
        }
    };
}

/// Runs each point: for the macro, and for tests of the suite itself.
#[doc(hidden)]
pub mod points {
    crate::__reaction_conformance! { @points [run] }
}
