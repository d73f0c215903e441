//! Reactions that are tested without a reactor.

use es_core::testing::{ReactionScenario, Sent};

use crate::domain::{
    Account, CONFIRM_WITHIN, Confirmed, Deposit, Deposited, Expire, GiveUp, NotePaid, NoteTaken, Requested, Taken,
    Transfer, Transfers, Withdraw,
};

fn requested(amount: u64) -> Requested {
    Requested { from: "alice".into(), to: "bob".into(), amount }
}

#[tokio::test]
async fn a_reaction_gets_the_answers_of_the_aggregates() {
    ReactionScenario::of(Transfers)
        .given::<Account>("alice", Deposited { amount: 200 })
        .when::<Transfer, _>("t1", requested(200))
        .await
        .then([Sent::to("alice", Withdraw { amount: 200 }), Sent::to("t1", NoteTaken)]);
    let reason = "balance limit is reached".to_owned();
    ReactionScenario::of(Transfers)
        .given::<Account>("bob", Deposited { amount: 900 })
        .given::<Transfer>("t1", requested(200))
        .when::<Transfer, _>("t1", Taken)
        .await
        .then([Sent::to("bob", Deposit { amount: 200 }), Sent::to("t1", GiveUp { reason })]);
}

#[tokio::test]
async fn timers_are_looked_at_and_gone_on_to() {
    let waiting = || ReactionScenario::of(Transfers).given::<Transfer>("t1", requested(800));
    waiting()
        .when::<Transfer, _>("t1", Taken)
        .await
        .then_nothing()
        .then_timer("confirm", CONFIRM_WITHIN)
        .when_due("confirm")
        .await
        .then([Sent::to("t1", Expire)]);
    waiting()
        .given::<Transfer>("t1", Taken)
        .when::<Transfer, _>("t1", Confirmed)
        .await
        .then([Sent::to("bob", Deposit { amount: 800 }), Sent::to("t1", NotePaid)])
        .then_cancelled("confirm");
}

#[tokio::test]
#[should_panic(expected = "led to other commands")]
async fn other_commands_are_shown() {
    ReactionScenario::of(Transfers).when::<Transfer, _>("t1", requested(200)).await.then_nothing();
}
