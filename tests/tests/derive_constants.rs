//! Generated code minds no constant of the program: one of a local's name would be a pattern in its place.
#![allow(non_upper_case_globals, dead_code, missing_docs, reason = "a test")]

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

const a: u8 = 0;
const b: u8 = 0;
const bytes: u8 = 0;
const command: u8 = 0;
const context: u8 = 0;
const deserializer: u8 = 0;
const event: u8 = 0;
const events: u8 = 0;
const f: u8 = 0;
const index: u8 = 0;
const inner: u8 = 0;
const journal: u8 = 0;
const other: u8 = 0;
const payload: u8 = 0;
const reactions: u8 = 0;
const routes: u8 = 0;
const targets: u8 = 0;
const tx: u8 = 0;
const version: u8 = 0;

#[derive(Command, Debug, Clone)]
struct Open;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Opened;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
struct Renamed {
    #[event(added(default = 1, since = 2))]
    to: u8,
    #[event(added(default = 2, since = 3))]
    by: u8,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Moved;

#[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone)]
#[aggregate(
    name = "account",
    commands(Open),
    events(Opened(ignored), Renamed(ignored)),
    retired(Moved),
    error = std::convert::Infallible,
    snapshot(every = 10)
)]
struct Account {}

impl Handle<Open> for Account {
    fn handle(&self, _: Open, _: &Context) -> Decision<Self> {
        accept((Opened, Renamed { to: 1, by: 2 }))
    }
}

impl Retire<Moved> for Account {
    fn retire(_: Moved) -> Events<Self> {
        Events::from(Opened)
    }
}

#[derive(Projection, Default)]
#[projection(in_memory, events(Opened of Account, Renamed))]
struct Each(u64);

impl Project<Opened> for Each {
    async fn project(&mut self, _: &Recorded<Opened>, (): &mut ()) -> Projected {
        self.0 += 1;
        Ok(())
    }
}

impl Project<Renamed> for Each {
    async fn project(&mut self, _: &Recorded<Renamed>, (): &mut ()) -> Projected {
        self.0 += 1;
        Ok(())
    }
}

#[derive(Projection, Default)]
#[projection(in_memory, batch, events(all of Account, Opened of Other as Also))]
struct Together;

impl ProjectBatch for Together {
    async fn project_batch(&mut self, _: &[Recorded<TogetherEvent>], (): &mut ()) -> Projected {
        Ok(())
    }
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "other", commands(Open), events(Opened(ignored)), error = std::convert::Infallible)]
struct Other {}

impl Handle<Open> for Other {
    fn handle(&self, _: Open, _: &Context) -> Decision<Self> {
        accept(Opened)
    }
}

#[derive(Reaction)]
#[reaction(events(Opened of Account), sends_to(Other))]
struct Follow;

impl React<Opened> for Follow {
    async fn react(&self, _: &Recorded<Opened>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

#[derive(Publish)]
#[publish(source = "/bank", events(Opened of Account))]
struct News;

impl ToPublic<Opened> for News {
    fn to_public(&self, _: &Recorded<Opened>, _: &mut PublicEvents) -> Published {
        Ok(())
    }
}

#[test]
fn a_constant_of_a_locals_name_changes_nothing() {
    let read = es_core::testing::decode::<Account>("Renamed", 1, b"{}");
    assert_eq!(read.unwrap(), [AccountEvent::Renamed(Renamed { to: 1, by: 2 })]);
}
