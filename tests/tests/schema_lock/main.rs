//! The schema lock of a crate of its own: made by its test, checked when it compiles.
#![allow(missing_docs, reason = "a test")]

mod history;
mod package;
mod remedies;

use package::Package;

const SOURCE: &str = r#"
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Shape, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub enum Currency {
    Eur,
    Usd,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited")]
pub struct Deposited {
    pub amount: f64,
    pub currency: Currency,
    #[serde(rename = "time")]
    pub at: u64,
    #[serde(skip)]
    pub cached: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "exchanged")]
pub struct Exchanged(i64, #[serde(default)] i64);

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "state changed")]
pub enum StateChanged {
    Frozen { by: String },
    Thawed,
}

#[derive(Command, Debug, Clone)]
pub struct Open;

#[derive(Aggregate, Default, Clone)]
#[aggregate(
    events(Deposited(ignored), StateChanged(ignored)),
    retired(Exchanged),
    commands(Open),
    error = std::convert::Infallible,
)]
pub struct Account;

impl Retire<Exchanged> for Account {
    fn retire(_: Exchanged) -> Events<Self> {
        Events::none()
    }
}

impl Handle<Open> for Account {
    fn handle(&self, _: Open, _: &Context) -> Decision<Self> {
        accept(StateChanged::Frozen { by: String::new() })
    }
}

#[test]
fn the_schema_is_locked() {
    es_core::testing::assert_schema_lock::<Account>("events.lock");
}
"#;

/// Another account, as an example or a test may have one.
const OTHER: &str = r#"
mod other {
    use es_core::prelude::*;

    #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "deposited")]
    pub struct Deposited;

    #[derive(Command, Debug, Clone)]
    pub struct Open;

    #[derive(Aggregate, Default, Clone)]
    #[aggregate(events(Deposited(ignored)), commands(Open), error = std::convert::Infallible)]
    pub struct Account;

    impl Handle<Open> for Account {
        fn handle(&self, _: Open, _: &Context) -> Decision<Self> {
            accept(Deposited)
        }
    }
}
"#;

const LOCK: &str = "
aggregates
  account: locked_events::Account

account deposited version 1
  amount: f64
  currency: Currency
  at: u64 #[serde(rename = \"time\")]
  type Currency
    Eur
    Usd

account exchanged version 1
  0: i64
  1: i64

account state changed version 1
  Frozen
    by: String
  Thawed
";

/// Says what the crate does not compile with when `from` becomes `to`.
#[track_caller]
fn changed(package: &Package, from: &str, to: &str) -> (String, String) {
    assert!(SOURCE.contains(from));
    package.source(&SOURCE.replacen(from, to, 1));
    package.does_not_compile()
}

#[test]
fn a_crate_locks_its_events() {
    let package = Package::new("locked_events");
    package.source(SOURCE);
    let said = package.passes();
    assert!(said.contains("made the schema lock `events.lock`: commit it"), "{said}");
    assert!(package.lock().ends_with(LOCK), "{}", package.lock());
    let golden = |name: &str| std::fs::read_to_string(package.folder.join("tests/golden/account").join(name)).unwrap();
    assert!(golden("deposited.v1.json").contains("\"time\": 2"), "{}", golden("deposited.v1.json"));
    assert!(golden("exchanged.v1.json").contains("\"became\": []"), "{}", golden("exchanged.v1.json"));
    assert!(golden("state%20changed.v1.json").contains("Frozen"), "{}", golden("state%20changed.v1.json"));

    // Now that there is a file, it is checked when the crate compiles.
    package.source(&format!("{SOURCE}\n\n{OTHER}"));
    package.passes();

    let (error, at) = changed(&package, "amount: f64", "amount: i64");
    assert!(
        error.contains(
            "event `deposited` version 1 of `account`: field `amount` was `f64` and is `i64` now, but version 1 may be \
             in a journal; write `#[event(changed(from = f64, with = .., since = 2))]` on the field and `version = 2` \
             on the event"
        ),
        "{error}"
    );
    assert!(at.starts_with("amount: i64"), "{error}");
    // Where the aggregate lists it is shown too.
    assert!(error.contains("events(Deposited(ignored), StateChanged(ignored))"), "{error}");
    let (error, at) = changed(&package, "    pub amount: f64,\n", "");
    assert!(error.contains("field `amount: f64` is gone") && at.starts_with("Deposited {"), "{error}");
    assert!(error.contains("write `#[event(removed(amount: f64, since = 2))]` and `version = 2`"), "{error}");
    let (error, at) = changed(&package, "amount: f64", "sum: f64");
    assert!(at.starts_with("sum: f64"), "{error}");
    assert!(error.contains("and `sum` of the same type is new"), "{error}");
    assert!(error.contains("`#[event(renamed(from = amount, since = 2))]` on it"), "{error}");
    let (error, at) = changed(&package, "    pub amount: f64,\n", "    pub amount: f64,\n    pub note: String,\n");
    assert!(error.contains("field `note: String` is new") && at.starts_with("note: String"), "{error}");
    assert!(error.contains("`#[event(added(default = .., since = 2))]` on the field"), "{error}");
    let (error, at) = changed(&package, "rename = \"time\"", "rename = \"when\"");
    assert!(at.starts_with("at: u64"), "{error}");
    assert!(error.contains("had #[serde(rename = \"time\")] and has #[serde(rename = \"when\")] now"), "{error}");
    let (error, at) =
        changed(&package, "pub struct Deposited", "#[serde(rename_all = \"camelCase\")]\npub struct Deposited");
    assert!(error.contains("it had no serde attribute and has #[serde(rename_all = \"camelCase\")] now"), "{error}");
    assert!(at.starts_with("Deposited {"), "{error}");
    let (error, at) = changed(&package, "    Thawed,\n", "    Melted,\n");
    assert!(error.contains("event `state changed` version 1 of `account`: variant `Thawed` is gone"), "{error}");
    assert!(at.starts_with("StateChanged {"), "{error}");
    let (error, at) = changed(&package, "pub struct Exchanged(i64", "pub struct Exchanged(u32");
    assert!(error.contains("field `0` was `i64` and is `u32` now") && at.starts_with("u32, "), "{error}");
    let (error, at) = changed(&package, "name = \"deposited\"", "name = \"paid in\"");
    assert!(error.contains("event `deposited` of `account` may be in a journal, but is in neither"), "{error}");
    assert!(error.contains("`aliases(\"deposited\")`") && at.starts_with("Account;"), "{error}");

    // What changes no byte is no change.
    package.source(&SOURCE.replacen("#[serde(rename = \"time\")]", "#[serde(default, rename = \"time\")]", 1));
    package.passes();

    // In depth it is checked by the test.
    package.source(&SOURCE.replacen("    Usd,\n", "    Gbp,\n", 1));
    let (success, said) = package.test(true);
    assert!(!success && said.contains("nested type `Currency`: variant `Usd` is gone"), "{said}");
    assert!(package.lock().ends_with(LOCK), "what is locked stays");

    // A change of the file is a change of the crate.
    package.source(SOURCE);
    package.passes();
    package.write_lock(&package.lock().replace("amount: f64", "amount: u64"));
    assert!(package.does_not_compile().0.contains("field `amount` was `u64` and is `f64` now"));
    package.write_lock(&package.lock().replace("account exchanged version 1", "account exchanged"));
    let (error, at) = package.does_not_compile();
    assert!(
        error.contains("events.lock` cannot be read, line 17: a block begins `aggregate event version 1`"),
        "{error}"
    );
    assert!(at.starts_with("Account;"), "{error}");
}
