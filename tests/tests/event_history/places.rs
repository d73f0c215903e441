//! Histories in every kind of place.

use es_core::Event as _;
use es_core::testing::decode;

use super::read;

mod strict {
    #![deny(warnings, missing_docs, clippy::pedantic)]
    //! Private types, all of it documented, where each warning is an error.

    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct Secret(u8);

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 3, removed(old_secret: Secret, since = 2), removed(other: Option<Secret>, since = 3, added = 2))]
    pub(crate) struct Hidden {
        #[event(renamed(from = sec, since = 2), changed(from = u8, with = Secret, since = 3))]
        secret: Secret,
        #[event(added(default = Vec::new(), since = 2))]
        pub(super) all: Vec<u8>,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 2, removed(is_a: bool, since = 2), removed(is_b: bool, since = 2), removed(is_c: bool, since = 2))]
    struct Private {
        #[event(renamed(from = is_e, since = 2))]
        is_d: bool,
        private_2: u8,
    }

    /// An event.
    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 2, removed(
        /// Who took it.
        teller: String,
        since = 2,
    ))]
    #[deprecated = "it is old"]
    pub struct Public {
        /// How much.
        #[event(changed(from = u8, with = u64::from, since = 2))]
        pub amount: u64,
        /// How many.
        pub count: u8,
    }

    pub(super) fn total(hidden: &Hidden) -> u8 {
        hidden.secret.0
    }

    pub(super) fn private() -> (bool, u8) {
        let private = Private::from(PrivateV1 { is_e: true, private_2: 2, is_a: true, is_b: true, is_c: true });
        (private.is_d, private.private_2)
    }
}

#[test]
fn private_types_have_histories() {
    let hidden = read::<strict::Hidden>(1, r#"{"sec":7,"old_secret":8}"#);
    assert_eq!((strict::total(&hidden), &hidden.all[..]), (7, &[][..]));
    assert_eq!(strict::private(), (true, 2));
}

mod raw {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 3, removed(r#match: u8, since = 3, after = r#type), removed(r#while: u8, since = 2, after = type))]
    #[allow(non_camel_case_types)]
    pub struct r#loop {
        #[event(renamed(from = r#move, since = 2), renamed(from = type, since = 3))]
        pub r#fn: u64,
    }
}

#[test]
fn raw_identifiers_lose_their_prefix() {
    let v1 = raw::loopV1 { r#move: 1, r#match: 2, r#while: 3 };
    assert_eq!(serde_json::to_string(&v1).unwrap(), r#"{"move":1,"match":2,"while":3}"#);
    assert_eq!(raw::r#loop::from(v1), raw::r#loop { r#fn: 1 });
    assert_eq!(raw::loopV2 { r#type: 1, r#match: 2 }.r#type, 1);
}

mod configured {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 2)]
    #[cfg_attr(test, event(removed(seen: bool, since = 2)))]
    #[cfg_attr(not(test), event(removed(unseen: bool, since = 2)))]
    pub struct Configured {
        #[cfg(test)]
        #[event(renamed(from = there_before, since = 2))]
        pub there: u8,
        #[cfg(not(test))]
        #[event(renamed(from = there_before, since = 2))]
        pub not_there: u8,
    }
}

#[test]
fn what_is_compiled_out_has_no_history() {
    use configured::{Configured, ConfiguredV1};
    assert_eq!(Configured::from(ConfiguredV1 { there_before: 1, seen: true }), Configured { there: 1 });
}

mod generic {
    use std::collections::{BTreeMap, HashMap};

    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
    pub struct Money<C> {
        pub amount: u64,
        pub currency: C,
    }

    pub trait Named {
        type Name;
    }

    impl Named for u8 {
        type Name = String;
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 2, removed(gone: HashMap<String, Vec<(u8, [u16; 2])>>, since = 2))]
    pub struct Generic {
        #[event(changed(from = Money<String>, with = |old: Money<String>| Money { amount: old.amount, currency: Some(old.currency) }, since = 2))]
        pub money: Money<Option<String>>,
        #[event(added(default = BTreeMap::<u8, Money<<u8 as Named>::Name>>::new(), since = 2))]
        pub more: BTreeMap<u8, Money<<u8 as Named>::Name>>,
        #[event(added(default = [1; 3], since = 2))]
        pub array: [u8; 3],
        #[event(changed(from = Option<Box<u8>>, with = |old| old.map(|old| *old), since = 2))]
        pub optional: Option<u8>,
    }
}

#[test]
fn types_of_fields_may_be_of_any_kind() {
    let event =
        read::<generic::Generic>(1, r#"{"money":{"amount":1,"currency":"x"},"optional":2,"gone":{"a":[[1,[2,3]]]}}"#);
    assert_eq!(event.money.currency.as_deref(), Some("x"));
    assert_eq!((event.optional, event.array), (Some(2), [1; 3]));
}

pub mod vendored {
    pub mod es {
        pub use es_core::*;
    }
}

mod by_macro {
    use serde::{Deserialize, Serialize};

    macro_rules! event {
        ($name:ident, $field:ident: $ty:ty, $old:ident: $old_ty:ty = $with:expr, $default:expr, $version:literal) => {
            #[derive($crate::places::vendored::es::Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
            #[event(crate = $crate::places::vendored::es, version = $version)]
            pub struct $name {
                #[event(renamed(from = $old, since = 2))]
                #[event(changed(from = $old_ty, with = $with, since = $version))]
                pub $field: $ty,
                #[event(added(default = $default, since = 2))]
                pub more: $ty,
            }
        };
    }

    event!(ByMacro, new: Option<u8>, old: u8 = |old| Some(old), Some(self::default()), 2);
    event!(ByMacroToo, new: Option<u8>, old: u8 = Some, None, 2);

    fn default() -> u8 {
        3
    }

    #[derive(crate::places::vendored::es::Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(crate = "crate::places::vendored::es", version = 2)]
    pub struct ByText {
        #[event(renamed(from = old, since = 2))]
        pub new: u8,
    }
}

#[test]
fn a_macro_writes_histories() {
    assert_eq!(
        by_macro::ByMacro::from(by_macro::ByMacroV1 { old: 1 }),
        by_macro::ByMacro { new: Some(1), more: Some(3) }
    );
    assert_eq!(by_macro::ByMacroToo::from(by_macro::ByMacroTooV1 { old: 1 }).more, None);
    assert_eq!(read::<by_macro::ByText>(1, r#"{"old":1}"#).new, 1);
}

#[test]
fn a_function_has_events_of_its_own() {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(crate = es_core, version = 3, removed(gone: u8, since = 3))]
    struct Local {
        #[event(renamed(from = old, since = 2))]
        new: u8,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(version = 2)]
    struct Other {
        #[event(renamed(from = old, since = 2))]
        new: u8,
    }

    assert_eq!(Local::from(LocalV1 { old: 1, gone: 2 }), Local { new: 1 });
    assert_eq!(Other::from(OtherV1 { old: 1 }), Other { new: 1 });
}

mod given_up {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "given up", version = 4, oldest = 3)]
    pub struct GivenUp {
        #[event(added(default = 1, since = 4))]
        pub amount: u8,
    }
}

#[test]
fn versions_are_given_up_that_no_journal_holds() {
    use given_up::GivenUp;
    assert_eq!(read::<GivenUp>(3, "null"), GivenUp { amount: 1 });
    let error = super::decode::<GivenUp>(2, "{}").unwrap_err().to_string();
    assert_eq!(error, "event `given up` has version 2 in the journal, but this program knows only versions 3 to 4");
    assert_eq!(GivenUp::MODEL.oldest, 3);
}

mod in_an_aggregate {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "paid", version = 2, aliases("paid in"))]
    pub struct Paid {
        #[event(renamed(from = value, since = 2))]
        pub amount: u64,
    }

    /// Retired, and it had a past of its own.
    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "exchanged", version = 2)]
    pub struct Exchanged {
        #[event(changed(from = u8, with = u64::from, since = 2))]
        pub amount: u64,
    }

    #[derive(Command, Debug, Clone)]
    pub struct Pay;

    #[derive(Aggregate, Default, Clone)]
    #[aggregate(commands(Pay), events(Paid), retired(Exchanged), error = std::convert::Infallible)]
    pub struct Account {
        #[apply(Paid => self.balance + event.amount)]
        pub balance: u64,
    }

    impl Handle<Pay> for Account {
        fn handle(&self, _: Pay, _: &Context) -> Decision<Self> {
            accept(Paid { amount: 1 })
        }
    }

    impl Retire<Exchanged> for Account {
        fn retire(event: Exchanged) -> Events<Self> {
            Events::from((Paid { amount: event.amount }, Paid { amount: 1 }))
        }
    }
}

#[test]
fn aliases_and_retired_events_have_versions_too() {
    use in_an_aggregate::{Account, AccountEvent, Paid};
    let paid = |amount| AccountEvent::Paid(Paid { amount });
    assert_eq!(decode::<Account>("paid in", 1, br#"{"value":7}"#).unwrap(), [paid(7)]);
    assert_eq!(decode::<Account>("paid", 2, br#"{"amount":7}"#).unwrap(), [paid(7)]);
    assert_eq!(decode::<Account>("exchanged", 1, br#"{"amount":7}"#).unwrap(), [paid(7), paid(1)]);
    let error = decode::<Account>("exchanged", 3, b"{}").unwrap_err().to_string();
    assert_eq!(error, "event `exchanged` has version 3 in the journal, but this program knows only versions 1 to 2");
}
