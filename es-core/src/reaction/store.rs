//! `ReactionStore`: where reactions keep what is not in the journal.

use std::future::Future;

use uuid::Uuid;

use super::Timer;
use crate::event::{CommandId, StreamId, Timestamp};
use crate::projection::{ReadStore, ReadStoreError};

/// A read store that keeps timers, and the answers that left nothing in the journal.
///
/// What it is given belongs to the reaction that the lease is of, and is there with the rest of the transaction or not at
/// all. The checkpoint, which is saved in each of these transactions, tells one that has been taken over.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store for reactions",
    label = "not a store for reactions",
    note = "use one that is, such as `SqliteStore`; or, in tests, `InMemory`"
)]
pub trait ReactionStore: ReadStore {
    /// Keeps a timer, in place of the one of its stream that has its name.
    fn set_timer(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        timer: &Timer,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// Takes away the timer of this stream that has this name, if there is one.
    fn remove_timer(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        stream: &StreamId,
        name: &str,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// The first `limit` timers in the order in which they are due: of those that were put aside, which have an
    /// [error](Timer::error), or of the others.
    fn timers(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        put_aside: bool,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Timer>, ReadStoreError>> + Send;

    /// Keeps an answer, in place of the one to the same command.
    fn keep_answer(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        answer: &KeptAnswer,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// All answers that are kept.
    fn answers(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
    ) -> impl Future<Output = Result<Vec<KeptAnswer>, ReadStoreError>> + Send;

    /// Forgets the answers of this occasion.
    fn forget_answers(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        occasion: Uuid,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;
}

/// What is known of a command that left nothing in the journal, because it was rejected or changed nothing.
///
/// It is kept before the reaction sends another command that may follow from the answer, until the event has been reacted
/// to. Repeated before that, the command is decided on the same state at the same time, and so is answered the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What the command was sent on: an event, or a timer of it.
    pub occasion: Uuid,
    /// The command.
    pub command: CommandId,
    /// The stream of the aggregate that decided it.
    pub stream: StreamId,
    /// The version of the state that it was decided on.
    pub version: u64,
    /// The time at which it was decided.
    pub decided_at: Timestamp,
}
