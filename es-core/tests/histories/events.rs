//! The events, and what happened to them.

use std::collections::BTreeMap;

use es_core::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::generate::{Generate, Random};
use super::{Recorded, Step, Visitor};

/// Writes `Generate` and `Recorded` for the versions of an event, the newest first: for each its fields, and what led
/// to it from the version before.
macro_rules! recorded {
    ($event:ident: $($version:literal $name:ident ($($field:tt),*) [$($step:expr),*];)+) => {
        recorded!(@each $event; []; $($version $name ($($field),*) [$($step),*];)+);
    };
    (@each $event:ident; [$($since:tt)*];) => {};
    (
        @each $event:ident; [$($since:tt)*];
        $version:literal $name:ident ($($field:tt),*) [$($step:expr),*]; $($rest:tt)*
    ) => {
        impl Generate for $name {
            fn generate(_random: &mut Random) -> Self {
                Self { $($field: Generate::generate(_random)),* }
            }
        }

        impl Recorded<$event> for $name {
            const VERSION: u32 = $version;

            fn since() -> Vec<Vec<Step>> {
                vec![$($since)*]
            }
        }

        recorded!(@each $event; [vec![$($step),*], $($since)*]; $($rest)*);
    };
}

use Step::{Added, Changed, Own, Removed, Renamed};

fn cents(euros: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "they are small")]
    let cents = (euros * 100.0).round() as i64;
    cents
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited", version = 3, removed(teller: String, since = 3, after = amount))]
pub struct Deposited {
    #[event(renamed(from = value, since = 2), changed(from = f64, with = cents, since = 3))]
    pub amount: i64,
    #[event(added(default = vec![7], since = 2))]
    pub notes: Vec<u8>,
    pub at: u64,
}

impl Generate for i64 {
    fn generate(random: &mut Random) -> Self {
        u32::generate(random).into()
    }
}

recorded! { Deposited:
    3 Deposited (amount, notes, at) [
        Changed("amount", |value| cents(value.as_f64().unwrap()).into()), Removed("teller")
    ];
    2 DepositedV2 (amount, teller, notes, at) [Renamed("value", "amount"), Added("notes", json!([7]))];
    1 DepositedV1 (value, teller, at) [];
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "long", version = 6)]
#[event(removed(gone: bool, since = 3, before = total))]
#[event(removed(guest: Option<(u8, String)>, since = 5, added = 3, renamed(from = visitor, since = 4)))]
pub struct Long {
    #[event(renamed(from = n, since = 4), renamed(from = count, since = 6))]
    #[event(changed(from = u8, with = u32::from, since = 4))]
    #[event(changed(from = u32, with = |count: u32| u64::from(count) * 10, since = 6))]
    pub total: u64,
    #[event(added(default = String::from("none"), since = 2), renamed(from = note, since = 3))]
    #[event(changed(from = String, with = |text| vec![text], since = 5))]
    pub memo: Vec<String>,
    #[event(added(default = BTreeMap::<u8, String>::new(), since = 6))]
    pub more: BTreeMap<u8, String>,
}

recorded! { Long:
    6 Long (total, memo, more) [
        Renamed("count", "total"), Changed("total", |count| (count.as_u64().unwrap() * 10).into()), Added("more", json!({}))
    ];
    5 LongV5 (count, memo) [Removed("guest"), Changed("memo", |text| vec![text].into())];
    4 LongV4 (count, memo, guest) [Renamed("n", "count"), Renamed("visitor", "guest")];
    3 LongV3 (n, memo, visitor) [Removed("gone"), Added("visitor", Value::Null), Renamed("note", "memo")];
    2 LongV2 (gone, n, note) [Added("note", json!("none"))];
    1 LongV1 (gone, n) [];
}

/// Two fields that changed their names with each other, and one that came back under an old name.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "swapped", version = 4, removed(b: u8, since = 3))]
pub struct Swapped {
    #[event(renamed(from = y, since = 2))]
    pub x: u64,
    #[event(renamed(from = x, since = 2))]
    pub y: Option<String>,
    #[event(added(default = Some(true), since = 4))]
    pub b: Option<bool>,
}

recorded! { Swapped:
    4 Swapped (x, y, b) [Added("b", json!(true))];
    3 SwappedV3 (x, y) [Removed("b")];
    2 SwappedV2 (x, y, b) [Own(|mut content| {
        let x = content["x"].take();
        content["x"] = content["y"].take();
        content["y"] = x;
        content
    })];
    1 SwappedV1 (y, x, b) [];
}

/// A chain of structs, with histories of their own.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "chain", version = 5, previous = Middle)]
pub struct Chain {
    #[event(renamed(from = text, since = 5))]
    pub words: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "chain", version = 3, previous = First)]
pub struct Middle {
    pub number: u64,
    #[event(added(default = 3, since = 3))]
    pub more: u8,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "chain")]
pub struct First(pub u8);

impl From<First> for MiddleV2 {
    fn from(First(number): First) -> Self {
        Self { number: u64::from(number) + 1 }
    }
}

impl From<Middle> for ChainV4 {
    fn from(Middle { number, more }: Middle) -> Self {
        Self { text: format!("{number} {more}") }
    }
}

impl From<First> for Chain {
    fn from(old: First) -> Self {
        Middle::from(MiddleV2::from(old)).into()
    }
}

impl From<MiddleV2> for Chain {
    fn from(old: MiddleV2) -> Self {
        Middle::from(old).into()
    }
}

impl From<Middle> for Chain {
    fn from(old: Middle) -> Self {
        ChainV4::from(old).into()
    }
}

recorded! { Chain:
    5 Chain (words) [Renamed("text", "words")];
    4 ChainV4 (text) [Own(|content| json!({ "text": format!("{} {}", content["number"], content["more"]) }))];
    3 Middle (number, more) [Added("more", json!(3))];
    2 MiddleV2 (number) [Own(|content| json!({ "number": content.as_u64().unwrap() + 1 }))];
    1 First (0) [];
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "numbered", version = 3)]
pub struct Numbered(
    #[event(added(default = false, since = 3))] pub bool,
    #[event(changed(from = u8, with = u64::from, since = 2))] pub u64,
    pub String,
);

recorded! { Numbered:
    3 Numbered (0, 1, 2) [Own(|content| json!([false, content[0], content[1]]))];
    2 NumberedV2 (0, 1) [];
    1 NumberedV1 (0, 1) [];
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "closed", version = 3, removed(by: String, since = 3, added = 2))]
pub struct Closed;

recorded! { Closed:
    3 Closed () [Own(|_| Value::Null)];
    2 ClosedV2 (by) [Added("by", json!(""))];
    1 ClosedV1 () [];
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "attributed", version = 3, removed(paid_by: String, since = 3))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attributed {
    #[event(renamed(from = paid_in, since = 2))]
    pub paid_sum: u64,
    #[serde(rename = "when")]
    #[event(renamed(from = #[serde(rename = "ts")] time_stamp, since = 3))]
    pub at_time: u64,
    #[event(added(default = true, since = 3))]
    #[serde(default)]
    pub is_new: bool,
}

recorded! { Attributed:
    3 Attributed (paid_sum, at_time, is_new) [Renamed("ts", "when"), Removed("paidBy"), Added("isNew", json!(true))];
    2 AttributedV2 (paid_sum, time_stamp, paid_by) [Renamed("paidIn", "paidSum")];
    1 AttributedV1 (paid_in, time_stamp, paid_by) [];
}

/// Visits each version of each event.
pub fn each(visitor: &mut impl Visitor, random: &mut Random) {
    macro_rules! visit {
        ($($event:ident: $($version:ident)*;)*) => {
            $($(visitor.visit::<$event, $version>(random);)*)*
        };
    }
    visit! {
        Deposited: DepositedV1 DepositedV2 Deposited;
        Long: LongV1 LongV2 LongV3 LongV4 LongV5 Long;
        Swapped: SwappedV1 SwappedV2 SwappedV3 Swapped;
        Chain: First MiddleV2 Middle ChainV4 Chain;
        Numbered: NumberedV1 NumberedV2 Numbered;
        Closed: ClosedV1 ClosedV2 Closed;
        Attributed: AttributedV1 AttributedV2 Attributed;
    }
}
