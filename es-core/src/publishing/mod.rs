//! Public events: what other programs are told, and how it gets to them.
//!
//! A [`Publish`] says which events of the journal others are told of, and as what. A [`Relay`] puts what it makes of them
//! into an outbox, in the transaction of its checkpoint, and sends from there through a [`Publisher`], as `CloudEvents`.

mod cloud_event;
mod feed;
mod json_lines;
mod outbox;
#[doc(hidden)]
pub(crate) mod private;
mod public;
mod publisher;
mod relay;

pub use feed::Feed;
pub use json_lines::{JsonLines, SyncPolicy};
pub use outbox::{MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage};
pub use public::{IntoPublic, Public, PublicEvent, PublicEvents};
pub use publisher::{PublishError, PublishErrorKind, Publisher};
pub use relay::{Relay, RelayChanges, RelayError, RelayHandle, RelayState, RelayStatus};

use crate::BoxError;
use crate::event::Recorded;
use crate::projection::{BoxFuture, Projected, Routes};

/// What making a public event gives: nothing, or why it cannot be made.
pub type Published = Result<(), BoxError>;

/// Says which events others are told of, and where these come from.
///
/// Implemented by `#[derive(Publish)]`, which dispatches each event to its [`ToPublic`].
///
/// ```
/// # use es_core::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)] pub struct Increased { by: u64 }
/// # #[derive(Command, Debug, Clone)] pub struct Increase;
/// # #[derive(Aggregate, Debug, Default, Clone)]
/// # #[aggregate(commands(Increase), events(Increased(ignored)), error = std::convert::Infallible)]
/// # pub struct Account;
/// # impl Handle<Increase> for Account {
/// #     fn handle(&self, _: Increase, _: &Context) -> Decision<Self> { accept(Increased { by: 1 }) }
/// # }
/// /// Money has come in.
/// #[derive(Serialize)]
/// pub struct MoneyIn {
///     account: String,
///     cents: u64,
/// }
///
/// impl PublicEvent for MoneyIn {
///     const NAME: &'static str = "com.example.bank.money-in";
/// }
///
/// /// What the bank tells others.
/// #[derive(Publish)]
/// #[publish(name = "bank", source = "https://bank.example/accounts", events(Increased))]
/// pub struct BankNews;
///
/// impl ToPublic<Increased> for BankNews {
///     fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
///         news.add(MoneyIn { account: recorded.stream.id().to_owned(), cents: recorded.event.by * 100 })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what is published",
    label = "no publication",
    note = "write `#[derive(Publish)]` on it"
)]
pub trait Publish: Send + Sync + Sized + 'static {
    /// The name of the outbox: how far it has come is kept under it, so it stays as it is.
    const NAME: &'static str;
    /// The attribute `source` of all its events, a URI-reference: together with an event's id it names the event among all
    /// there are.
    const SOURCE: &'static str;
    /// The name that the checkpoint is kept under.
    #[doc(hidden)]
    const FEED: &'static str;
    /// The name of the right to send.
    #[doc(hidden)]
    const RELAY: &'static str;

    /// The events that it wants, and where each goes.
    #[doc(hidden)]
    fn routes<S: OutboxStore>() -> Routes<Feed<Self, S>>;
}

/// Makes public events of the events of type `E`: none, one or several.
///
/// It sees the event and nothing else, so that the same event always becomes the same: what others are to know has to be in
/// the event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what event `{E}` is to others",
    label = "listed in `events(..)`, but nothing is made of it",
    note = "write `impl ToPublic<{E}> for {Self}`, or take it out of `events(..)`"
)]
pub trait ToPublic<E: PublishedBy<Self>>: Publish {
    /// Adds to `events` what others are told.
    ///
    /// An error, or a panic, is tried again a few times; then the relay stops before the event, in the state
    /// [`Failed`](RelayState::Failed).
    fn to_public(&self, recorded: &Recorded<E>, events: &mut PublicEvents) -> Published;

    /// Puts what [`to_public`](Self::to_public) makes into the outbox, for generated code.
    #[doc(hidden)]
    fn boxed<'a, S: OutboxStore>(
        feed: &'a mut Feed<Self, S>,
        recorded: Recorded<E>,
        tx: &'a mut S::Tx,
    ) -> BoxFuture<'a, Projected> {
        let publication = feed.publication();
        let messages = feed::messages::<Self, E>(&recorded, |recorded, events| publication.to_public(recorded, events));
        feed.put(messages, tx)
    }
}

/// Says that `Self` is an event listed in `events(..)` of the publication `P`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event that `{P}` publishes",
    label = "not listed in `events(..)`",
    note = "add it to `events(..)` in `#[publish(..)]` of `{P}`"
)]
pub trait PublishedBy<P>: Send + Sync + Sized + 'static {}
