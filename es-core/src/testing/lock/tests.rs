//! Every kind of difference, on shapes written by hand.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::today::{EventToday, Today};
use super::update::Turn;
use super::*;
use crate::evolution::{Content, FieldShape, NestedShape, TypeShape, VariantShape, VersionShape};
use crate::model::EventModel;

const fn field(name: &'static str, ty: &'static str) -> FieldShape {
    FieldShape { name, ty, serde: "", nested: &[] }
}

const fn plain(content: Content) -> TypeShape {
    TypeShape { content, serde: "" }
}

const fn version(version: u32, fields: &'static [FieldShape]) -> VersionShape {
    VersionShape { version, shape: plain(Content::Named(fields)) }
}

const EUR_USD: Content = Content::Enum(&[
    VariantShape { name: "Eur", serde: "", content: Content::Unit },
    VariantShape { name: "Usd", serde: "", content: Content::Unit },
]);

fn currency() -> NestedShape {
    NestedShape { name: "Currency", shape: plain(EUR_USD) }
}

const CURRENCY: FieldShape = FieldShape { name: "currency", ty: "Currency", serde: "", nested: &[Some(currency)] };

/// Version 1 to 3 of `deposited`, as in the guide.
const V1: VersionShape = version(1, &[field("value", "f64"), field("teller", "String"), field("at", "u64")]);
const V2: VersionShape = version(2, &[field("amount", "f64"), CURRENCY, field("teller", "String"), field("at", "u64")]);
const V3: VersionShape = version(3, &[field("amount", "i64"), CURRENCY, field("at", "u64")]);

/// Shapes as a constant.
macro_rules! shapes {
    ($($shape:expr),*) => {
        {
            const SHAPES: &[VersionShape] = &[$($shape),*];
            SHAPES
        }
    };
}

struct Package(PathBuf);

impl Package {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("es-lock-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("events.lock")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    /// The file holds `versions`, and was not made by this process.
    fn holding(events: &[EventToday]) -> Self {
        let package = Self::new();
        package.write("# Locked.\n");
        package.run(&account(events, false), true).unwrap();
        package
    }

    fn run(&self, today: &[Today], update: bool) -> Result<Vec<String>, String> {
        let mut notes = Vec::new();
        let mut turn = Turn::take();
        match check(today, &self.path(), update, &mut turn, &mut notes) {
            Ok(_) => Ok(notes),
            Err(error) => Err(error
                .to_string()
                .replace(&self.0.display().to_string(), ".")
                .replace("./events.lock", "events.lock")),
        }
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn event(name: &'static str, shapes: &'static [VersionShape]) -> EventToday {
    named(name, &[], shapes)
}

fn named(name: &'static str, aliases: &'static [&'static str], shapes: &'static [VersionShape]) -> EventToday {
    let version = |shape: Option<&VersionShape>| shape.map_or(1, |shape| shape.version);
    let (newest, oldest) = (version(shapes.last()), version(shapes.first()));
    let model = EventModel::new(name, aliases, "Deposited", "", newest, oldest, &[]);
    let versions = shapes
        .iter()
        .map(|version| {
            let key = block::Key { aggregate: "account".into(), event: name.into(), version: version.version };
            today::block(key, &version.shape)
        })
        .collect();
    EventToday { model, versions }
}

fn account(events: &[EventToday], positional: bool) -> Vec<Today> {
    let events = events.iter().map(|event| EventToday { model: event.model, versions: event.versions.clone() });
    vec![Today { aggregate: "account", path: "bank::Account", positional, events: events.collect() }]
}

/// What is said of `now` where `locked` is locked.
fn differences(locked: &'static [VersionShape], now: &'static [VersionShape]) -> String {
    differences_of(event("deposited", locked), event("deposited", now), false)
}

fn differences_of(locked: EventToday, now: EventToday, positional: bool) -> String {
    let package = Package::holding(&[locked]);
    let before = package.text();
    let found = package.run(&account(std::slice::from_ref(&now), positional), false).unwrap_err();
    let updated = package.run(&account(&[now], positional), true).unwrap_err();
    assert_eq!(found, updated, "an update does not make a locked version what it is not");
    assert_eq!(package.text(), before, "what is locked stays as it is");
    let text = found.strip_prefix("the events are not as `events.lock` has them, ").unwrap().to_owned();
    text.split_once("\n\na version that never was").unwrap().0.to_owned()
}

#[test]
fn a_missing_file_is_made_and_says_what_it_is() {
    let package = Package::new();
    let notes = package.run(&account(&[event("deposited", shapes![V1, V2, V3])], false), false).unwrap();
    assert!(notes[0].contains("made the schema lock"), "{notes:?}");
    let text = package.text();
    assert!(text.starts_with("# The shape of each event version"), "{text}");
    let blocks = text.split_once("\n\n").unwrap().1;
    assert_eq!(
        blocks,
        "\
aggregates
  account: bank::Account

account deposited version 1
  value: f64
  teller: String
  at: u64

account deposited version 2
  amount: f64
  currency: Currency
  teller: String
  at: u64
  type Currency
    Eur
    Usd

account deposited version 3
  amount: i64
  currency: Currency
  at: u64
  type Currency
    Eur
    Usd
"
    );
    assert_eq!(package.run(&account(&[event("deposited", shapes![V1, V2, V3])], false), false), Ok(Vec::new()));
    assert_eq!(package.text(), text, "what is up to date is not written");
}

#[test]
fn a_new_version_is_an_error_until_it_is_added() {
    let package = Package::holding(&[event("deposited", shapes![V1, V2])]);
    let now = account(&[event("deposited", shapes![V1, V2, V3])], false);
    assert_eq!(
        package.run(&now, false).unwrap_err(),
        "`events.lock` does not hold what is new in the program:\n  event `deposited` version 3 of `account`\n\
         run `UPDATE_LOCK=1 cargo test` to add it, and commit the file"
    );
    package.run(&now, true).unwrap();
    assert_eq!(package.run(&now, false), Ok(Vec::new()));
}

#[test]
fn a_changed_type_says_which_attribute_to_write() {
    assert_eq!(
        differences(shapes![V3], shapes![version(3, &[field("amount", "f64"), CURRENCY, field("at", "u64")])]),
        "1 difference:\n\n\
         1. event `deposited` version 3 of `account`: field `amount` was `i64` and is `f64` now, but version 3 may be in \
         a journal\n   \
         write `#[event(changed(from = i64, with = .., since = 4))]` on the field and `version = 4` on the event"
    );
}

#[test]
fn an_added_field_says_which_attribute_to_write() {
    let now = shapes![version(3, &[field("amount", "i64"), CURRENCY, field("at", "u64"), field("note", "String")])];
    let text = differences(shapes![V3], now);
    assert!(text.contains("field `note: String` is new, but version 3"), "{text}");
    assert!(text.contains("`#[event(added(default = .., since = 4))]` on the field and `version = 4`"), "{text}");
}

#[test]
fn a_removed_field_says_which_attribute_to_write() {
    let text = differences(shapes![V3], shapes![version(3, &[field("amount", "i64"), CURRENCY])]);
    assert!(text.contains("field `at: u64` is gone, but version 3"), "{text}");
    assert!(text.contains("write `#[event(removed(at: u64, since = 4))]` and `version = 4`"), "{text}");
}

#[test]
fn a_field_that_may_be_renamed_offers_both() {
    let text = differences(shapes![V3], shapes![version(3, &[field("sum", "i64"), CURRENCY, field("at", "u64")])]);
    assert!(text.contains("field `amount: i64` is gone, and `sum` of the same type is new"), "{text}");
    assert!(text.contains("`#[event(renamed(from = amount, since = 4))]`"), "{text}");
    assert!(text.contains("`#[event(added(default = .., since = 4))]` on `sum`"), "{text}");
    assert!(text.contains("`#[event(removed(amount: i64, since = 4))]`"), "{text}");
}

#[test]
fn serde_attributes_of_a_type_are_part_of_the_shape() {
    const CAMEL: VersionShape = VersionShape {
        version: 1,
        shape: TypeShape { content: Content::Unit, serde: "#[serde(rename_all = \"camelCase\")]" },
    };
    const PLAIN: VersionShape = VersionShape { version: 1, shape: plain(Content::Unit) };
    let text = differences(shapes![CAMEL], shapes![PLAIN]);
    assert!(text.contains("it had `#[serde(rename_all = \"camelCase\")]` and has no serde attribute now"), "{text}");
}

#[test]
fn serde_attributes_are_part_of_the_shape() {
    const RENAMED: FieldShape = FieldShape { name: "at", ty: "u64", serde: "#[serde(rename = \"time\")]", nested: &[] };
    const NOW: VersionShape = version(3, &[field("amount", "i64"), CURRENCY, RENAMED]);
    let text = differences(shapes![V3], shapes![NOW]);
    assert!(text.contains("field `at` had no serde attribute and has `#[serde(rename = \"time\")]` now"), "{text}");
    assert!(text.contains("take the attribute away; or keep version 3 as a struct of its own"), "{text}");
    assert!(text.contains("`previous = DepositedV3, version = 4` on `Deposited`"), "{text}");
    let text = differences(shapes![NOW], shapes![V3]);
    assert!(text.contains("put `#[serde(rename = \"time\")]` back"), "{text}");
}

#[test]
fn braces_of_a_version_without_fields_may_be_lost_in_the_history() {
    const NOTHING: TypeShape = TypeShape { content: Content::Unit, serde: "" };
    let package = Package::holding(&[event("closed", shapes![version(1, &[])])]);
    let braced = package.text();
    assert!(braced.contains("account closed version 1 {}"), "{braced}");
    let history = shapes![VersionShape { version: 1, shape: NOTHING }, version(2, &[field("reason", "String")])];
    package.run(&account(&[event("closed", history)], false), true).unwrap();
    assert!(package.text().starts_with(&braced), "{}", package.text());
    // Today's version does not read both.
    let today = shapes![VersionShape { version: 1, shape: NOTHING }];
    let error = package.run(&account(&[event("closed", today)], false), true).unwrap_err();
    assert!(error.contains("it was with named fields and is without fields now"), "{error}");
}

#[test]
fn one_change_in_several_versions_is_told_once() {
    const NOW: [VersionShape; 3] = [
        version(1, &[field("value", "f64"), field("teller", "String"), field("at", "i64")]),
        version(2, &[field("amount", "f64"), CURRENCY, field("teller", "String"), field("at", "i64")]),
        version(3, &[field("amount", "i64"), CURRENCY, field("at", "i64")]),
    ];
    let text = differences(shapes![V1, V2, V3], &NOW);
    assert!(text.starts_with("1 difference:"), "{text}");
    assert!(text.contains("event `deposited` versions 1 to 3 of `account`: field `at` was `u64`"), "{text}");
    assert!(text.contains("since = 4"), "{text}");
}

#[test]
fn a_forgotten_step_is_told_for_the_version_before_it() {
    // The version was raised, but nothing says what it changed.
    const NOW: [VersionShape; 2] = [version(1, &[field("amount", "i64")]), version(2, &[field("amount", "i64")])];
    let text = differences(shapes![version(1, &[field("amount", "f64")])], &NOW);
    assert!(text.ends_with("write `#[event(changed(from = f64, with = .., since = 2))]` on the field"), "{text}");
}

#[test]
fn all_differences_are_told_at_once() {
    const NOW: VersionShape = version(3, &[field("amount", "f64"), CURRENCY, field("note", "String")]);
    let text = differences(shapes![V3], shapes![NOW]);
    assert!(text.starts_with("3 differences:"), "{text}");
    assert!(text.contains("1. ") && text.contains("2. ") && text.contains("3. "), "{text}");
}

mod nested {
    use super::*;

    fn reordered() -> NestedShape {
        const CONTENT: Content = Content::Enum(&[
            VariantShape { name: "Usd", serde: "", content: Content::Unit },
            VariantShape { name: "Eur", serde: "", content: Content::Unit },
        ]);
        NestedShape { name: "Currency", shape: plain(CONTENT) }
    }

    fn one_less() -> NestedShape {
        const CONTENT: Content = Content::Enum(&[VariantShape { name: "Eur", serde: "", content: Content::Unit }]);
        NestedShape { name: "Currency", shape: plain(CONTENT) }
    }

    fn with_fields() -> NestedShape {
        const CONTENT: Content = Content::Enum(&[
            VariantShape { name: "Eur", serde: "", content: Content::Named(&[super::field("cents", "bool")]) },
            VariantShape { name: "Usd", serde: "", content: Content::Unit },
        ]);
        NestedShape { name: "Currency", shape: plain(CONTENT) }
    }

    fn a_struct() -> NestedShape {
        const CONTENT: Content = Content::Tuple(&[super::field("0", "String")]);
        NestedShape { name: "Currency", shape: plain(CONTENT) }
    }

    macro_rules! with {
        ($nested:expr) => {
            version(1, &[FieldShape { name: "currency", ty: "Currency", serde: "", nested: &[$nested] }])
        };
    }

    #[test]
    fn a_variant_that_is_gone_names_the_type() {
        let text = differences(shapes![with!(Some(currency))], shapes![with!(Some(one_less))]);
        assert!(text.contains("nested type `Currency`: variant `Usd` is gone"), "{text}");
        assert!(text.contains("keep the old `Currency` under another name, and keep version 1 as a struct of its own"));
        assert!(text.contains("`previous = DepositedV1, version = 2` on `Deposited`"), "{text}");
    }

    #[test]
    fn a_variant_that_is_new_still_reads() {
        let text = differences(shapes![with!(Some(one_less))], shapes![with!(Some(currency))]);
        assert!(text.contains("nested type `Currency`: variant `Usd` is new"), "{text}");
        assert!(text.contains("add the line `Usd` to the block by hand"), "{text}");
    }

    #[test]
    fn a_variant_of_another_kind_is_a_difference() {
        let text = differences(shapes![with!(Some(currency))], shapes![with!(Some(with_fields))]);
        assert!(text.contains("variant `Eur`: it was without fields and is with named fields now"), "{text}");
        let text = differences(shapes![with!(Some(currency))], shapes![with!(Some(a_struct))]);
        assert!(text.contains("nested type `Currency`: it was an enum and is with fields without names now"), "{text}");
    }

    #[test]
    fn a_type_whose_shape_is_lost_is_a_difference() {
        let text = differences(shapes![with!(Some(currency))], shapes![with!(None)]);
        assert!(text.contains("the shape of nested type `Currency` is not known any more"), "{text}");
        assert!(text.contains("write `#[derive(Shape)]` on `Currency`"), "{text}");
    }

    #[test]
    fn a_type_whose_shape_is_new_is_added_to_what_is_locked() {
        let package = Package::holding(&[event("deposited", shapes![with!(None)])]);
        let now = account(&[event("deposited", shapes![with!(Some(currency))])], false);
        let error = package.run(&now, false).unwrap_err();
        assert!(error.contains("the shape of type `Currency` in event `deposited` version 1"), "{error}");
        package.run(&now, true).unwrap();
        assert!(package.text().ends_with("  currency: Currency\n  type Currency\n    Eur\n    Usd\n"));
        assert_eq!(package.run(&now, false), Ok(Vec::new()));
    }

    #[test]
    fn order_counts_where_the_codec_writes_no_names() {
        const TWO: &[VersionShape] = &[version(1, &[super::field("a", "u8"), super::field("b", "u8")])];
        const SWAPPED: &[VersionShape] = &[version(1, &[super::field("b", "u8"), super::field("a", "u8")])];
        let text = differences_of(event("deposited", TWO), event("deposited", SWAPPED), true);
        assert!(text.contains("the order was `a, b` and is `b, a` now"), "{text}");
        let (locked, now) = (event("x", shapes![with!(Some(currency))]), event("x", shapes![with!(Some(reordered))]));
        let text = differences_of(locked, now, true);
        assert!(text.contains("nested type `Currency`: the order was `Eur, Usd` and is `Usd, Eur` now"), "{text}");

        let package = Package::holding(&[event("deposited", TWO)]);
        assert_eq!(package.run(&account(&[event("deposited", SWAPPED)], false), false), Ok(Vec::new()), "in JSON");
    }

    #[test]
    fn a_type_that_holds_itself_is_listed_once() {
        fn tree() -> NestedShape {
            const FIELDS: &[FieldShape] =
                &[FieldShape { name: "children", ty: "Vec<Tree>", serde: "", nested: &[Some(tree)] }];
            NestedShape { name: "Tree", shape: plain(Content::Named(FIELDS)) }
        }
        let package = Package::new();
        package.run(&account(&[event("planted", shapes![with!(Some(tree))])], false), false).unwrap();
        assert!(package.text().ends_with("  currency: Currency\n  type Tree\n    children: Vec<Tree>\n"));
    }
}

#[test]
fn a_version_that_no_longer_reads_is_a_difference() {
    let text = differences(shapes![V1, V2, V3], shapes![V3]);
    assert!(text.starts_with("1 difference:"), "{text}");
    assert!(text.contains("versions 1 to 2 of `account`: the program reads no version below 3"), "{text}");
    let text = differences(shapes![V1, V2, V3], shapes![V1, V2]);
    assert!(text.contains("version 3 of `account`: the program knows only versions 1 to 2"), "{text}");
}

#[test]
fn an_event_that_is_gone_is_a_difference() {
    let text = differences_of(event("exchanged", shapes![V1]), event("deposited", shapes![V1]), false);
    assert!(text.contains("event `exchanged` version 1 of `account`: the program does not know the event"), "{text}");
    assert!(text.contains("`retired(..)`") && text.contains("`aliases(\"exchanged\")`"), "{text}");
}

#[test]
fn an_event_without_a_shape_is_a_difference() {
    let text = differences(shapes![V1], shapes![]);
    assert!(text.contains("`Deposited` says nothing of its shape"), "{text}");
}

#[test]
fn an_event_under_a_new_name_keeps_what_is_locked_under_the_old_one() {
    let package = Package::holding(&[event("paid_in", shapes![V1])]);
    let now = account(&[named("deposited", &["paid_in"], shapes![V1])], false);
    package.run(&now, true).unwrap();
    let text = package.text();
    assert!(text.contains("account paid_in version 1") && text.contains("account deposited version 1"), "{text}");
    assert_eq!(package.run(&now, false), Ok(Vec::new()));
}

#[test]
fn an_aggregate_keeps_its_name() {
    let package = Package::holding(&[event("deposited", shapes![V1])]);
    let mut renamed = account(&[], false);
    renamed[0].aggregate = "konto";
    for update in [false, true] {
        let text = package.run(&renamed, update).unwrap_err();
        assert!(text.contains("`bank::Account` was `account` and is `konto`"), "{text}");
        assert!(text.contains("`name = \"account\"`"), "{text}");
    }
    // Another type may take over its events.
    let mut moved = account(&[event("deposited", shapes![V1])], false);
    moved[0].path = "bank::accounts::Account";
    package.run(&moved, true).unwrap();
}

#[test]
fn two_aggregates_have_two_names() {
    let package = Package::new();
    let mut two = account(&[event("deposited", shapes![V1])], false);
    two.extend(account(&[event("taken", shapes![V1])], false));
    two[1].path = "bank::Loan";
    let text = package.run(&two, true).unwrap_err();
    assert!(text.contains("`bank::Account` and `bank::Loan` are both `account` in the journal"), "{text}");
}

#[test]
fn blocks_of_others_and_comments_stay_as_they_are() {
    let package = Package::new();
    let others = "\
# Ours.

# A loan is never deleted.
loan taken version 1
  # In cents.
  amount: i64 #[serde(default)]

zoo opened version 1 {}
";
    package.write(others);
    package.run(&account(&[event("deposited", shapes![V1])], false), true).unwrap();
    let text = package.text();
    assert_eq!(
        text,
        format!(
            "# Ours.\n\naggregates\n  account: bank::Account\n\naccount deposited version 1\n  value: f64\n  teller: String\n  at: u64\n{}",
            others.trim_start_matches("# Ours.\n")
        )
    );
}

#[test]
fn an_aggregate_that_moved_is_told_and_updated() {
    let package = Package::holding(&[event("deposited", shapes![V1])]);
    let mut moved = account(&[event("deposited", shapes![V1])], false);
    moved[0].path = "bank::domain::Account";
    let error = package.run(&moved, false).unwrap_err();
    assert!(error.contains("aggregate `account` was `bank::Account` and is `bank::domain::Account`"), "{error}");
    package.run(&moved, true).unwrap();
    assert!(package.text().contains("aggregates\n  account: bank::domain::Account\n\naccount deposited"));
    assert_eq!(package.run(&moved, false), Ok(Vec::new()));
}

#[test]
fn two_aggregates_may_make_one_file() {
    let package = Package::new();
    let other = Today {
        aggregate: "loan",
        path: "bank::Loan",
        positional: false,
        events: vec![event("deposited", shapes![V1])],
    };
    package.run(&account(&[event("deposited", shapes![V1])], false), false).unwrap();
    let mut other = [other];
    other[0].events[0].versions[0].key.aggregate = "loan".into();
    package.run(&other, false).expect("the file was made by this process");
    assert!(package.text().contains("\n\nloan deposited version 1\n"));
}

#[test]
fn tests_that_update_one_file_at_a_time_lose_nothing() {
    let package = Package::new();
    std::thread::scope(|scope| {
        for number in 0..16_u32 {
            let package = &package;
            scope.spawn(move || {
                let aggregate: &'static str = Box::leak(format!("account_{number}").into_boxed_str());
                let mut today = account(&[event("deposited", shapes![V1])], false);
                today[0].aggregate = aggregate;
                today[0].path = aggregate;
                today[0].events[0].versions[0].key.aggregate = aggregate.into();
                package.run(&today, true).unwrap();
            });
        }
    });
    assert_eq!(package.text().matches("version 1").count(), 16);
}

#[test]
fn what_is_wrong_with_a_file_is_told_by_its_line() {
    let cases = [
        ("account deposited\n", 1, "is not the head of a block"),
        ("account deposited version x\n", 1, "is not the head of a block"),
        ("# c\n\n  amount: i64\n", 3, "indented too far"),
        ("a b version 1\n   amount: i64\n", 2, "two spaces"),
        ("a b version 1\n\tamount: i64\n", 2, "two spaces"),
        ("a b version 1\n  amount: i64\n    more: i64\n", 3, "nothing stands below a field"),
        ("a b version 1\n  amount: i64\n  Variant\n", 3, "stands among fields"),
        ("a b version 1\n  Two words\n", 2, "neither a field"),
        ("a b version 1\n      amount: i64\n", 2, "indented too far"),
        ("a b version 1 {}\n  amount: i64\n", 1, "there are lines below it"),
        ("a b version 1\nc d version 1\n", 2, "a block is one line"),
        ("aggregates\n  account\n", 2, "its name and its type"),
        ("aggregates\n  a: b::A\n  a: c::A\n", 3, "aggregate `a` is here twice"),
        ("aggregates\n\naggregates\n", 3, "`aggregates` is here twice"),
        ("a b version 1\n\na b version 1\n", 3, "is here twice: line 1 has it already"),
        ("a b version 1\n\n<<<<<<< HEAD\nc d version 1\n=======\n>>>>>>> other\n", 3, "a merge left a conflict"),
    ];
    for (text, line, what) in cases {
        let package = Package::new();
        package.write(text);
        let error = package.run(&account(&[], false), true).unwrap_err();
        assert!(error.starts_with(&format!("the schema lock `events.lock` cannot be read, line {line}: ")), "{error}");
        assert!(error.contains(what), "{text:?}: {error}");
        assert_eq!(package.text(), text, "a file that cannot be read is not written");
    }
    let package = Package::new();
    std::fs::create_dir(package.path()).unwrap();
    let error = package.run(&account(&[], false), true).unwrap_err();
    assert!(error.starts_with("cannot read the schema lock `events.lock`: "), "{error}");
}

#[test]
fn lines_may_end_as_in_windows() {
    let package = Package::holding(&[event("deposited", shapes![V1, V3])]);
    package.write(&format!("\u{feff}{}", package.text().replace('\n', "\r\n")));
    assert_eq!(package.run(&account(&[event("deposited", shapes![V1, V3])], false), false), Ok(Vec::new()));
}
