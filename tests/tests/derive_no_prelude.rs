//! Generated code needs nothing to be in scope.
#![no_implicit_prelude]
#![deny(missing_docs, warnings)]
#![warn(clippy::pedantic)]

/// A command.
#[derive(::es_core::Command, ::std::fmt::Debug, ::std::clone::Clone)]
pub struct Open {
    /// Whose.
    pub owner: ::std::string::String,
}

/// An event.
#[derive(
    ::es_core::Event,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
)]
pub struct Opened {
    /// Whose.
    pub owner: ::std::string::String,
}

/// An event with a history.
#[derive(
    ::es_core::Event,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
)]
#[event(version = 4, previous = RenamedV1, removed(by: ::std::string::String, since = 4, added = 3))]
pub struct Renamed {
    #[event(renamed(from = text, since = 3), changed(from = u8, with = ::std::convert::From::from, since = 4))]
    owner: u64,
    /// When.
    #[event(added(default = 1, since = 3))]
    pub at: u64,
}

/// Its first version.
#[derive(
    ::es_core::Event,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
)]
#[event(name = "Renamed")]
pub struct RenamedV1(u8);

impl ::std::convert::From<RenamedV1> for RenamedV2 {
    fn from(old: RenamedV1) -> Self {
        Self { text: old.0 }
    }
}

/// An event that changes nothing.
#[derive(
    ::es_core::Event,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
)]
pub struct Seen;

/// An aggregate.
#[derive(
    ::es_core::Aggregate, ::serde::Serialize, ::serde::Deserialize, ::std::default::Default, ::std::clone::Clone,
)]
#[aggregate(commands(Open), events(Opened, Seen(ignored), Renamed(ignored)), error = ::std::fmt::Error, snapshot(every = 10))]
pub struct Account {
    #[apply(Opened => ::std::clone::Clone::clone(&event.owner))]
    owner: ::std::string::String,
    #[apply(Opened => self.count + 1)]
    count: u64,
}

impl ::es_core::Handle<Open> for Account {
    fn handle(&self, command: Open, _: &::es_core::Context) -> ::es_core::Decision<Self> {
        ::es_core::accept(Opened { owner: command.owner })
    }
}

#[test]
fn an_aggregate_compiles_without_the_prelude() {
    let mut account = <Account as ::es_core::Aggregate>::initial();
    ::es_core::Apply::apply(&mut account, &Opened { owner: ::std::convert::From::from("a") });
    ::std::assert_eq!((&account.owner[..], account.count), ("a", 1));
}

#[test]
fn a_history_compiles_without_the_prelude() {
    let events = ::es_core::testing::decode::<Account>("Renamed", 1, b"7");
    let renamed = Renamed { owner: 7, at: 1 };
    ::std::assert_eq!(events.ok(), ::std::option::Option::Some(::std::vec![AccountEvent::Renamed(renamed)]));
}

/// A reaction.
#[derive(::es_core::Reaction)]
#[reaction(events(Opened), sends_to(Account))]
pub struct Welcome;

impl ::es_core::React<Opened> for Welcome {
    async fn react(
        &self,
        recorded: &::es_core::Recorded<Opened>,
        commands: &mut ::es_core::Commands<Self>,
    ) -> ::es_core::Reacted {
        if recorded.version == 1 {
            let owner = ::std::clone::Clone::clone(&recorded.event.owner);
            commands.reply(Open { owner }).await?;
        }
        ::std::result::Result::Ok(())
    }
}

#[test]
fn a_reaction_compiles_without_the_prelude() {
    ::std::assert_eq!(<Welcome as ::es_core::Reaction>::NAME, "welcome");
}
