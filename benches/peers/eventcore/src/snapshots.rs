//! `Snapshotted`: commands whose state eventcore keeps in its store.

use eventcore::{CommandError, CommandLogic, CommandStateSnapshotId, CommandStreams, NewEvents, StreamDeclarations};
use serde_json::Value;

use crate::domain::Account;

/// The same command, with a snapshot. Deposits and withdrawals share that of the account, since they read the same.
pub(crate) struct Snapshotted<C>(pub(crate) C);

impl<C: CommandStreams> CommandStreams for Snapshotted<C> {
    fn stream_declarations(&self) -> StreamDeclarations {
        self.0.stream_declarations()
    }
}

impl<C: CommandLogic<State = Account>> CommandLogic for Snapshotted<C> {
    type Event = C::Event;
    type State = Account;

    fn apply(&self, state: Account, event: &C::Event) -> Account {
        self.0.apply(state, event)
    }

    fn handle(&self, state: Account) -> Result<NewEvents<C::Event>, CommandError> {
        self.0.handle(state)
    }

    fn command_state_snapshot_id(&self) -> Option<CommandStateSnapshotId> {
        let streams = self.stream_declarations();
        CommandStateSnapshotId::try_new(format!("balance-1-{}", streams.iter().next()?)).ok()
    }

    fn serialize_command_state_snapshot(&self, state: &Account) -> Result<Value, CommandError> {
        serde_json::to_value(state).map_err(invalid)
    }

    fn deserialize_command_state_snapshot(&self, state: Value) -> Result<Account, CommandError> {
        serde_json::from_value(state).map_err(invalid)
    }
}

fn invalid(error: serde_json::Error) -> CommandError {
    CommandError::ValidationError(error.to_string())
}
