//! `OutboxStore`: where messages wait until they are sent.

use std::future::Future;

use serde::de::DeserializeOwned;

use crate::event::{Position, StreamId, Timestamp};
use crate::projection::{ReadStore, ReadStoreError};

/// A read store that keeps messages which are to be sent, each outbox under its name.
///
/// A message is *ready* from [`put`](Self::put) on, until it is *sent*, or *parked*: because it cannot be sent, or stands behind
/// one of its stream that cannot. Those that change messages take the lease of the outbox, and fail with
/// [`ReadStoreError::TakenOver`] where it is another one's by now.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no outbox",
    label = "messages cannot wait here until they are sent",
    note = "name a store that does, such as `SqliteStore`"
)]
pub trait OutboxStore: ReadStore {
    /// Adds messages. One whose key is there already takes its place, and is to be sent.
    fn put(
        tx: &mut Self::Tx,
        outbox: &str,
        messages: &[OutboxMessage],
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// Deletes the messages that are ready or parked, before all of them are made anew. Those that are kept as sent stay.
    fn clear(tx: &mut Self::Tx, outbox: &str) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// The first messages that are ready, in the order of their keys, at most `limit` and at most
    /// [`OutboxMessage::AT_ONCE`] bytes, of which the first always fits; those of the streams in `except` are left out.
    fn ready(
        tx: &mut Self::Tx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<OutboxMessage>, ReadStoreError>> + Send;

    /// Notes that messages were sent. They are deleted, or kept as sent at a time.
    ///
    /// One that another has taken the place of meanwhile, with other [`json`](OutboxMessage::json), was not sent: it stays
    /// as it is.
    fn sent(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// Deletes messages that were sent before a time, at most `limit`; gives how many.
    fn forget(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<u64, ReadStoreError>> + Send;

    /// Puts a message aside that is ready. One that has taken its place meanwhile, under another [`id`](ParkedMessage::id),
    /// stays as it is.
    fn park_message(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// Makes messages ready that are parked, of one stream or of all; gives how many.
    fn unpark_messages(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> impl Future<Output = Result<u64, ReadStoreError>> + Send;

    /// Deletes a message that is parked, by its id; gives its stream, or `None` where no such message is parked.
    fn discard(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        outbox: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<StreamId>, ReadStoreError>> + Send;

    /// The messages after a key that are parked, in the order of their keys, at most `limit`.
    fn parked_messages(
        tx: &mut Self::Tx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ParkedMessage>, ReadStoreError>> + Send;

    /// How many messages wait.
    fn size(tx: &mut Self::Tx, outbox: &str) -> impl Future<Output = Result<OutboxSize, ReadStoreError>> + Send;
}

/// The place of a message in its outbox: they are sent in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The place in the journal of the event that it was made of.
    pub position: Position,
    /// Which one it is of that event.
    pub ordinal: u32,
}

/// A message that is to be sent: a public event as a `CloudEvent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The place in the journal of the event that it was made of.
    pub position: Position,
    /// Which one it is of that event.
    pub ordinal: u32,
    /// The stream of that event: messages of one stream are sent in order.
    pub stream: StreamId,
    /// Names it for all time: made of the event's id, so a receiver knows by it what comes again.
    pub id: String,
    /// The name and the version of the public event, as `com.example.bank.money-in.v1`.
    pub event_type: String,
    /// The whole, as `CloudEvents` 1.0 has it in JSON, in one line.
    pub json: String,
}

impl OutboxMessage {
    /// How much is read from an outbox at once, in bytes of [`json`](Self::json).
    pub const AT_ONCE: usize = 4 * 1024 * 1024;

    /// Its place in the outbox.
    pub const fn key(&self) -> MessageKey {
        MessageKey { position: self.position, ordinal: self.ordinal }
    }

    /// Reads its data, for tests.
    ///
    /// # Errors
    ///
    /// The data is no `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Data<T> {
            data: T,
        }
        serde_json::from_str::<Data<T>>(&self.json).map(|event| event.data)
    }

    /// An attribute of it, such as `source`; `None` where it has no such.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&self.json).ok()?;
        event.get(name).filter(|_| name != "data").and_then(serde_json::Value::as_str).map(str::to_owned)
    }
}

/// A message that has been put aside, so that those of other streams go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// Its place in the outbox.
    pub key: MessageKey,
    /// Its stream: what comes later in it is parked behind it.
    pub stream: StreamId,
    /// Its id.
    pub id: String,
    /// The name and the version of the public event.
    pub event_type: String,
    /// How often it was tried; 0 for one that only stands behind another one of its stream.
    pub attempts: u32,
    /// Why it was parked; `None` for one that only stands behind another one of its stream.
    pub error: Option<String>,
    /// When it was parked.
    pub parked_at: Timestamp,
}

/// How many messages wait in an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxSize {
    /// How many are ready to be sent.
    pub ready: u64,
    /// How many are parked.
    pub parked: u64,
    /// The position of the first one that is ready.
    pub first_ready: Option<Position>,
    /// The position of the first one that is parked.
    pub first_parked: Option<Position>,
}
