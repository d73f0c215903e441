//! An aggregate with a bit of everything that can be in an event, and that can happen to one.

use std::collections::BTreeMap;

use es_core::prelude::*;
use es_core::{Json, Postcard};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub enum Kind {
    Plain,
    Named { name: String, tags: Vec<String> },
    Pair(i8, char),
    Other(Option<Box<Kind>>),
}

/// v1: `{ kind, amount: f32, note: String }`; v2: `amount` is called `value`; v3: it is an f64, `by` is new, `note` gone.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "changed", version = 3, aliases("was changed", "ändern"))]
#[event(removed(note: String, since = 3))]
pub struct Changed {
    pub kind: Kind,
    #[event(renamed(from = amount, since = 2))]
    #[event(changed(from = f32, with = f64::from, since = 3))]
    pub value: f64,
    #[event(added(default = BTreeMap::new(), since = 3))]
    pub by: BTreeMap<String, u64>,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 1)]
pub struct OpenedV1(pub String);

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, previous = OpenedV1)]
pub struct Opened {
    pub bytes: Vec<u8>,
    pub at: (u128, i64, bool),
}

impl From<OpenedV1> for Opened {
    fn from(old: OpenedV1) -> Self {
        Self { bytes: old.0.into_bytes(), at: (0, 0, false) }
    }
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "state")]
pub enum State {
    Frozen,
    Thawed(Option<u16>),
}

/// Became as many as it says, up to three.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "many")]
pub struct Many(u8);

#[derive(Command, Debug, Clone)]
pub struct Freeze;

macro_rules! aggregate {
    ($name:ident, $codec:ty) => {
        #[derive(Aggregate, Debug, Default, Clone)]
        #[aggregate(commands(Freeze), events(Changed(ignored), Opened(ignored), State(ignored)), retired(Many))]
        #[aggregate(error = std::convert::Infallible, codec = $codec)]
        pub struct $name;

        impl Handle<Freeze> for $name {
            fn handle(&self, _: Freeze, _: &Context) -> Decision<Self> {
                accept(State::Frozen)
            }
        }

        impl Retire<Many> for $name {
            fn retire(event: Many) -> Events<Self> {
                Events::from((0..event.0 % 4).map(|number| State::Thawed(Some(number.into()))).collect::<Vec<_>>())
            }
        }
    };
}

aggregate!(InJson, Json);
aggregate!(InPostcard, Postcard);
