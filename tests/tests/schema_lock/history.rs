//! A history that is not what was locked: the error stands at the very token of it.

use super::package::Package;

/// A crate whose event `deposited` is declared by `event`.
fn source(event: &str) -> String {
    format!(
        "use es_core::prelude::*;
use serde::{{Deserialize, Serialize}};

{event}

#[derive(Command, Debug, Clone)]
pub struct Open;

#[derive(Aggregate, Default, Clone)]
#[aggregate(commands(Open), events(Deposited(ignored)), error = std::convert::Infallible)]
pub struct Account;

impl Handle<Open> for Account {{
    fn handle(&self, _: Open, _: &Context) -> Decision<Self> {{
        accept(None::<Deposited>)
    }}
}}

#[test]
fn the_schema_is_locked() {{
    es_core::testing::assert_schema_lock::<Account>(\"events.lock\");
}}
"
    )
}

fn derived(options: &str, item: &str) -> String {
    format!(
        "#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]\n#[event(name = \"deposited\", {options})]\n\
         pub struct {item}"
    )
}

/// What is said of version 2 of the event, and where.
fn said(package: &Package, options: &str, fields: &str) -> (String, String) {
    package.source(&source(&derived(options, &format!("Deposited {{ {fields} }}"))));
    package.does_not_compile()
}

#[test]
fn a_mistake_in_the_history_is_reported_where_it_is() {
    let package = Package::new("locked_history");
    package.source(&source(&derived("version = 1", "Deposited { value: f64, by: String }")));
    package.passes();

    // Another name than the one that it had.
    let (error, at) =
        said(&package, "version = 2", "#[event(renamed(from = vaule, since = 2))] amount: f64, by: String");
    assert!(
        error.contains(
            "event `deposited` version 1 of `account`: it never had a field `vaule`, but it had `value: f64`; if that is \
             the one, write `value` in the history, in place of `vaule` (locked in `events.lock`; "
        ),
        "{error}"
    );
    assert!(at.starts_with("vaule, since"), "{error}");

    // A field that is new, and said to be renamed.
    let fields = "value: f64, by: String, #[event(renamed(from = cur, since = 2))] currency: String";
    let (error, at) = said(&package, "version = 2", fields);
    assert!(
        error.contains(
            "it never had a field `cur`; if `renamed(from = cur, ..)` says so, write \
             `added(default = .., since = 2)` in place of it, and if `removed(cur: ..)` does, take that away"
        ),
        "{error}"
    );
    assert!(at.starts_with("cur, since"), "{error}");

    // A field that is gone, by another name than it had, and one that never was.
    let (error, at) = said(&package, "version = 2, removed(valeu: f64, since = 2)", "by: String");
    assert!(error.contains("write `value` in the history, in place of `valeu`"), "{error}");
    assert!(at.starts_with("valeu: f64"), "{error}");
    let (error, at) = said(&package, "version = 2, removed(note: String, since = 2)", "value: f64, by: String");
    assert!(error.contains("it never had a field `note`") && at.starts_with("note: String"), "{error}");

    // Another type than it had.
    let fields = "#[event(changed(from = f32, with = i64_of, since = 2))] value: i64, by: String";
    let event =
        derived("version = 2", &format!("Deposited {{ {fields} }}\nfn i64_of(old: f32) -> i64 {{ old as i64 }}"));
    package.source(&source(&event));
    let (error, at) = package.does_not_compile();
    assert!(error.contains("field `value` was `f64` and is `f32` now") && at.starts_with("value: i64"), "{error}");

    // A struct of its own for the version.
    let old = derived("version = 1", "DepositedV1 { value: f32, by: String }");
    let new = derived("version = 2, previous = DepositedV1", "Deposited { value: f32, by: String }");
    let step = "impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self { Self { value: old.value, by: old.by } }
    }";
    package.source(&source(&format!("{old}\n{new}\n{step}")));
    let (error, at) = package.does_not_compile();
    assert!(error.contains("field `value` was `f64` and is `f32` now") && at.starts_with("DepositedV1)"), "{error}");
}

#[test]
fn an_event_without_the_derive_is_reported_where_it_is_listed() {
    let package = Package::new("locked_by_hand");
    // Its shape is that of another struct.
    let event = |field: &str| {
        format!(
            "{}

{} Deposited(Content);

impl Event for Deposited {{
    const MODEL: es_core::model::EventModel = <Content as Event>::MODEL;
    const SHAPES: &'static [es_core::VersionShape] = <Content as Event>::SHAPES;

    fn decode<C: Codec>(version: u32, payload: &es_core::Payload<'_>) -> Result<Self, es_core::DecodeError> {{
        Content::decode::<C>(version, payload).map(Self)
    }}
}}",
            derived("version = 1", &format!("Content {{ {field} }}")),
            "#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]\npub struct",
        )
    };
    package.source(&source(&event("value: f64")));
    package.passes();
    package.source(&source(&event("value: i64")));
    let (error, at) = package.does_not_compile();
    assert!(error.contains("field `value` was `f64` and is `i64` now"), "{error}");
    assert!(at.starts_with("Deposited(ignored)"), "{error}");
}
