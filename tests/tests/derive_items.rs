//! Aggregates of every kind of item, in every kind of place.
#![allow(missing_docs, unreachable_pub, dead_code, reason = "a test")]

use es_core::prelude::*;
use es_core::testing::decode;

/// Decides, applies what happened, and writes and reads each event on the way.
fn run<A: Aggregate<Error: std::fmt::Debug>>(state: &mut A, command: impl Into<A::Command>) {
    let context = Context::new(Timestamp::now(), Metadata::default());
    for event in state.handle_command(command.into(), &context).unwrap() {
        let mut bytes = Vec::new();
        let kind = A::encode_event(&event, &mut bytes).unwrap();
        assert_eq!(decode::<A>(kind.name, kind.version, &bytes).unwrap(), std::slice::from_ref(&event));
        state.apply_event(&event);
    }
}

mod in_a_module {
    #![deny(missing_docs, unreachable_pub)]
    //! Private fields, private types, all of it documented.

    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    /// Turns the key.
    #[derive(Command, Debug, Clone)]
    pub(crate) struct Turn {
        by: i32,
    }

    impl Turn {
        /// By so much.
        pub(crate) fn by(by: i32) -> Self {
            Self { by }
        }
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub(super) struct Turned {
        by: i32,
    }

    /// The dial of a safe.
    #[derive(Aggregate, Default, Clone)]
    #[aggregate(commands(Turn), events(Turned), error = std::convert::Infallible)]
    pub(super) struct SafeDial {
        /// Where it stands.
        #[apply(Turned => self.at + event.by)]
        at: i32,
        #[apply(Turned => Some(self.at))]
        before: Option<i32>,
        #[apply(Turned => Default::default())]
        untouched: Secret,
    }

    #[derive(Default, Clone)]
    struct Secret;

    impl SafeDial {
        pub(super) fn at(&self) -> (i32, Option<i32>) {
            let Secret = self.untouched;
            (self.at, self.before)
        }
    }

    impl Handle<Turn> for SafeDial {
        fn handle(&self, command: Turn, _: &Context) -> Decision<Self> {
            accept(Turned { by: command.by })
        }
    }
}

#[test]
fn fields_may_be_private_and_all_see_the_state_before_the_event() {
    let mut dial = in_a_module::SafeDial::initial();
    run(&mut dial, in_a_module::Turn::by(3));
    run(&mut dial, in_a_module::Turn::by(4));
    assert_eq!(dial.at(), (7, Some(3)));
    assert_eq!(in_a_module::SafeDial::NAME, "safe_dial");
}

mod with_return {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Command, Debug, Clone)]
    pub struct Step(pub u64);

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Stepped(u64);

    #[derive(Aggregate, Debug, Default, Clone, PartialEq)]
    #[aggregate(commands(Step), events(Stepped), error = std::convert::Infallible)]
    pub struct Walk {
        #[apply(Stepped => self.steps + 1)]
        pub steps: u64,
        #[apply(Stepped => {
            if event.0 > 10 {
                return self.far;
            }
            self.far + event.0
        })]
        pub far: u64,
    }

    impl Handle<Step> for Walk {
        fn handle(&self, command: Step, _: &Context) -> Decision<Self> {
            accept(Stepped(command.0))
        }
    }
}

#[test]
fn a_return_gives_what_its_field_becomes_and_the_other_fields_change_all_the_same() {
    let mut walk = with_return::Walk::initial();
    run(&mut walk, with_return::Step(3));
    run(&mut walk, with_return::Step(11));
    assert_eq!(walk, with_return::Walk { steps: 2, far: 3 });
}

mod on_an_enum {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Command, Debug, Clone)]
    pub enum Switch {
        On,
        Off(),
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub enum Switched {
        On,
        Off { at: u64 },
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Seen;

    #[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[aggregate(
        commands(Switch),
        events(Switched, Seen(ignored)),
        error = std::convert::Infallible,
        snapshot(every = 1)
    )]
    pub enum Light {
        #[default]
        Off,
        On(u64),
    }

    impl Handle<Switch> for Light {
        fn handle(&self, command: Switch, _: &Context) -> Decision<Self> {
            match command {
                Switch::On => accept((Seen, Switched::On)),
                Switch::Off() => accept(vec![Switched::Off { at: 7 }]),
            }
        }
    }

    impl Apply<Switched> for Light {
        fn apply(&mut self, event: &Switched) {
            *self = match event {
                Switched::On => Self::On(1),
                Switched::Off { .. } => Self::Off,
            };
        }
    }
}

#[test]
fn an_enum_is_an_aggregate_with_enums_as_commands_and_events() {
    use on_an_enum::{Light, LightEvent, Seen, Switch};
    let mut light = Light::initial();
    run(&mut light, Switch::On);
    assert_eq!(light, Light::On(1));
    run(&mut light, Switch::Off());
    assert_eq!(light, Light::Off);
    assert_eq!(format!("{:?}", LightEvent::from(Seen)), "Seen(Seen)");
    assert_eq!(Light::SNAPSHOT.map(|policy| (policy.every, policy.keep)), Some((1, 1)));
}

mod ids {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};
    use std::fmt;
    use std::str::FromStr;

    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct OrderId(pub u64);

    impl fmt::Display for OrderId {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "order-{}", self.0)
        }
    }

    impl FromStr for OrderId {
        type Err = std::num::ParseIntError;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            text.trim_start_matches("order-").parse().map(Self)
        }
    }

    #[derive(Command, Debug, Clone)]
    pub struct Place;

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Placed;

    macro_rules! aggregate {
        ($name:ident $(, id = $id:ty)?) => {
            #[derive(Aggregate, Debug, Default, Clone)]
            #[aggregate($(id = $id,)? commands(Place), events(Placed), error = std::convert::Infallible)]
            pub struct $name {
                #[apply(Placed => !self.placed)]
                pub placed: bool,
            }

            impl Handle<Place> for $name {
                fn handle(&self, _: Place, _: &Context) -> Decision<Self> {
                    accept(Placed)
                }
            }
        };
    }

    aggregate!(Order, id = OrderId);
    aggregate!(Numbered, id = u64);
    aggregate!(Named);
}

#[tokio::test]
async fn an_aggregate_is_named_by_its_own_type_of_id() {
    let store = MemoryStore::new();
    let orders = Repository::<ids::Order, _>::new(&store);
    assert!(orders.execute(ids::OrderId(7), ids::Place).await.unwrap().state.placed);
    assert_eq!(orders.load(ids::OrderId(7)).await.unwrap().version, 1);

    let numbered = Repository::<ids::Numbered, _>::new(&store);
    numbered.execute(7, ids::Place).await.unwrap();
    assert_eq!(numbered.load(7).await.unwrap().version, 1);
    assert_eq!(numbered.load(8).await.unwrap().version, 0);

    let named = Repository::<ids::Named, _>::new(&store);
    named.execute("a", ids::Place).await.unwrap();
    named.execute(String::from("a"), ids::Place).await.unwrap();
    assert_eq!(named.load(String::from("a")).await.unwrap().version, 2);
    let history = orders.history(ids::OrderId(7)).await.unwrap();
    assert_eq!(history[0].stream.to_string(), "order/order-7");
}

mod many {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    macro_rules! many {
        ($($command:ident => $event:ident),*) => {
            $(
                #[derive(Command, Debug, Clone)]
                pub struct $command(pub u64);

                #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
                pub struct $event(u64);

                impl Handle<$command> for Sum {
                    fn handle(&self, command: $command, _: &Context) -> Decision<Self> {
                        accept($event(command.0))
                    }
                }
            )*

            #[derive(Aggregate, Debug, Default, Clone)]
            #[aggregate(commands($($command),*), events($($event),*), error = std::convert::Infallible)]
            pub struct Sum(
                $(#[apply($event => self.0 + event.0)])*
                pub u64,
            );
        };
    }

    many!(
        C1 => E1, C2 => E2, C3 => E3, C4 => E4, C5 => E5, C6 => E6, C7 => E7, C8 => E8, C9 => E9, C10 => E10,
        C11 => E11, C12 => E12, C13 => E13, C14 => E14, C15 => E15, C16 => E16, C17 => E17, C18 => E18, C19 => E19,
        C20 => E20, C21 => E21, C22 => E22, C23 => E23, C24 => E24, C25 => E25, C26 => E26, C27 => E27, C28 => E28,
        C29 => E29, C30 => E30
    );
}

#[test]
fn a_tuple_struct_from_a_macro_has_thirty_commands_and_thirty_events() {
    let mut sum = many::Sum::initial();
    run(&mut sum, many::C1(1));
    run(&mut sum, many::C15(10));
    run(&mut sum, many::C30(100));
    assert_eq!(sum.0, 111);
    assert_eq!(many::Sum::model().events.len(), 30);
    assert_eq!(many::Sum::model().commands.len(), 30);
}

mod raw {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Command, Debug, Clone)]
    #[allow(non_camel_case_types)]
    pub struct r#move {
        pub r#type: u64,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[allow(non_camel_case_types)]
    pub struct r#loop {
        pub r#type: u64,
    }

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(commands(r#move), events(r#loop), error = std::convert::Infallible)]
    #[allow(non_camel_case_types)]
    pub struct r#match {
        #[apply(r#loop => event.r#type)]
        pub r#type: u64,
    }

    impl Handle<r#move> for r#match {
        fn handle(&self, command: r#move, _: &Context) -> Decision<Self> {
            accept(r#loop { r#type: command.r#type })
        }
    }
}

#[test]
fn raw_identifiers_lose_their_prefix_in_the_journal() {
    let mut state = raw::r#match::initial();
    run(&mut state, raw::r#move { r#type: 3 });
    assert_eq!(state.r#type, 3);
    let model = raw::r#match::model();
    assert_eq!((model.name, model.events[0].name, model.commands[0].name), ("match", "loop", "move"));
    assert_eq!((model.fields[0].name, model.events[0].fields[0].name), ("type", "type"));
    assert_eq!(format!("{:?}", raw::matchEvent::from(raw::r#loop { r#type: 1 })), "loop(loop { type: 1 })");
}

mod without_state {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    pub mod a {
        #[derive(super::Event, super::Serialize, super::Deserialize, Debug, Clone, PartialEq)]
        #[event(name = "a-added")]
        pub struct Added;
    }

    pub mod b {
        #[derive(super::Event, super::Serialize, super::Deserialize, Debug, Clone, PartialEq)]
        #[event(name = "b added, später")]
        pub struct Added;

        #[derive(super::Event, super::Serialize, super::Deserialize, Debug, Clone, PartialEq)]
        #[event(name = "b-never")]
        pub struct Never;
    }

    #[derive(Command, Debug, Clone, PartialEq, Serialize)]
    pub struct Add;

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Never;

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(
        name = "a.b-c_d",
        commands(Add),
        events(
            a::Added(ignored),
            b::Added as OtherAdded (ignored),
            #[cfg(not(test))] Never(ignored),
            #[cfg(test)] b::Never(ignored),
        ),
        error = std::convert::Infallible,
        command_enum = Asked,
        event_enum = Happened,
        derives(PartialEq, Debug, serde::Serialize)
    )]
    pub struct Adder;

    impl Handle<Add> for Adder {
        fn handle(&self, _: Add, _: &Context) -> Decision<Self> {
            accept([a::Added, a::Added])
        }
    }
}

#[test]
fn a_unit_struct_has_enums_of_other_names_with_more_derives() {
    use without_state::{Add, Adder, Asked, Happened, a, b};
    run(&mut Adder, Add);
    assert_eq!(Asked::from(Add), Asked::Add(Add));
    assert_eq!(serde_json::to_string(&Happened::OtherAdded(b::Added)).unwrap(), r#"{"OtherAdded":null}"#);
    assert_eq!(Happened::from(a::Added), Happened::Added(a::Added));
    assert_eq!(
        Adder::model().events.iter().map(|event| event.name).collect::<Vec<_>>(),
        ["a-added", "b added, später", "b-never"]
    );
}

mod renamed_root {
    pub mod vendored {
        pub use es_core as es;
    }

    use vendored::es::{Aggregate, Command, Context, Decision, Event, Handle, accept};

    #[derive(Command, Debug, Clone)]
    #[command(crate = vendored::es)]
    pub struct Ring;

    #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    #[event(crate = "vendored::es")]
    pub struct Rung;

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(crate = vendored::es, commands(Ring), events(Rung), error = std::fmt::Error)]
    pub struct Bell {
        #[apply(Rung => true)]
        pub rung: bool,
    }

    impl Handle<Ring> for Bell {
        fn handle(&self, _: Ring, _: &Context) -> Decision<Self> {
            accept(Rung)
        }
    }
}

#[test]
fn the_root_may_have_another_path() {
    let mut bell = renamed_root::Bell::initial();
    run(&mut bell, renamed_root::Ring);
    assert!(bell.rung);
}

mod by_macro {
    /// An aggregate that is a macro's work as a whole: `self` and `event` are the macro's too.
    macro_rules! counter {
        ($name:ident, $command:ident, $event:ident, $field:ident: $type:ty = $step:expr) => {
            #[derive(es_core::Command, Debug, Clone)]
            pub struct $command;

            #[derive(es_core::Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
            pub struct $event {
                pub by: $type,
            }

            #[derive(es_core::Aggregate, Debug, Default, Clone)]
            #[aggregate(commands($command), events($event), error = std::fmt::Error)]
            pub struct $name {
                #[apply($event => self.$field + event.by * $step)]
                pub $field: $type,
            }

            impl es_core::Handle<$command> for $name {
                fn handle(&self, _: $command, _: &es_core::Context) -> es_core::Decision<Self> {
                    es_core::accept($event { by: 1 })
                }
            }
        };
    }

    counter!(Ticks, Tick, Ticked, count: u64 = 1 + 1);
}

#[test]
fn a_macro_may_write_an_aggregate() {
    let mut ticks = by_macro::Ticks::initial();
    run(&mut ticks, by_macro::Tick);
    assert_eq!(ticks.count, 2);
}

mod in_a_function {
    #[test]
    fn an_aggregate_may_be_local() {
        use es_core::prelude::*;
        use serde::{Deserialize, Serialize};

        #[derive(Command, Debug, Clone)]
        struct Go;

        #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
        struct Gone;

        #[derive(Aggregate, Debug, Default, Clone)]
        #[aggregate(commands(Go), events(Gone), error = std::fmt::Error)]
        struct Walk {
            #[apply(Gone => self.steps + 1)]
            steps: u64,
        }

        impl Handle<Go> for Walk {
            fn handle(&self, _: Go, _: &Context) -> Decision<Self> {
                accept(Gone)
            }
        }

        let mut walk = Walk::initial();
        super::run(&mut walk, Go);
        assert_eq!(walk.steps, 1);
    }
}
