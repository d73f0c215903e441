//! What moves a transfer from step to step.

use std::time::Duration;

use es_core::prelude::*;

use crate::account::{Account, Deposit, Refund, Withdraw};
use crate::transfer::{
    Confirmed, Decline, Expire, GiveUp, GivenUp, NotePaid, NoteRefunded, NoteTaken, Requested, Taken, Transfer,
};

/// How long the receiver of a large transfer has to confirm it.
pub const CONFIRM_WITHIN: Duration = Duration::from_mins(1);
/// The timer of that.
const CONFIRM: &str = "confirm";

/// Takes the money from one account, pays it into the other, and pays it back where that is refused.
#[derive(Reaction)]
#[reaction(name = "transfers", events(Requested, Taken, Confirmed, GivenUp), sends_to(Account, Transfer))]
pub struct Transfers;

impl React<Requested> for Transfers {
    async fn react(&self, recorded: &Recorded<Requested>, commands: &mut Commands<Self>) -> Reacted {
        let Requested { from, amount, .. } = &recorded.event;
        match commands.try_send(from, Withdraw { amount: *amount }).await? {
            Ok(_) => commands.reply(NoteTaken).await?,
            Err(rejection) => commands.reply(Decline { reason: rejection.to_string() }).await?,
        };
        Ok(())
    }
}

impl React<Taken> for Transfers {
    async fn react(&self, _: &Recorded<Taken>, commands: &mut Commands<Self>) -> Reacted {
        let transfer = commands.source::<Transfer>().await?.state;
        if transfer.waits() {
            commands.after(CONFIRM_WITHIN, CONFIRM);
            return Ok(());
        }
        pay(&transfer, commands).await
    }

    async fn wake(&self, _: &Recorded<Taken>, _: &Timer, commands: &mut Commands<Self>) -> Reacted {
        // A rejection says that the receiver was faster: nothing is to be done then.
        let _ = commands.try_reply(Expire).await?;
        Ok(())
    }
}

impl React<Confirmed> for Transfers {
    async fn react(&self, _: &Recorded<Confirmed>, commands: &mut Commands<Self>) -> Reacted {
        commands.cancel(CONFIRM);
        let transfer = commands.source::<Transfer>().await?.state;
        pay(&transfer, commands).await
    }
}

impl React<GivenUp> for Transfers {
    async fn react(&self, _: &Recorded<GivenUp>, commands: &mut Commands<Self>) -> Reacted {
        let transfer = commands.source::<Transfer>().await?.state;
        commands.send(&transfer.from, Refund { amount: transfer.amount }).await?;
        commands.reply(NoteRefunded).await?;
        Ok(())
    }
}

/// The second step, which may be refused.
async fn pay(transfer: &Transfer, commands: &mut Commands<Transfers>) -> Reacted {
    match commands.try_send(&transfer.to, Deposit { amount: transfer.amount }).await? {
        Ok(_) => commands.reply(NotePaid).await?,
        Err(rejection) => commands.reply(GiveUp { reason: rejection.to_string() }).await?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use es_core::testing::{ReactionScenario, Sent};

    use super::*;
    use crate::account::Deposited;

    fn transfer(amount: u64) -> ReactionScenario<Transfers> {
        let requested = Requested { from: "alice".into(), to: "bob".into(), amount };
        ReactionScenario::of(Transfers).given::<Transfer>("t-1", requested)
    }

    #[tokio::test]
    async fn a_refused_deposit_is_given_up() {
        let reason = "balance limit of 1000 is reached".to_owned();
        transfer(200)
            .given::<Account>("bob", Deposited { amount: 900 })
            .when::<Transfer, _>("t-1", Taken)
            .await
            .then([Sent::to("bob", Deposit { amount: 200 }), Sent::to("t-1", GiveUp { reason })]);
    }

    #[tokio::test]
    async fn a_large_transfer_waits_for_its_receiver_for_a_minute() {
        transfer(800)
            .when::<Transfer, _>("t-1", Taken)
            .await
            .then_nothing()
            .then_timer(CONFIRM, CONFIRM_WITHIN)
            .when_due(CONFIRM)
            .await
            .then([Sent::to("t-1", Expire)]);
    }
}
