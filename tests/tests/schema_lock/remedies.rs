//! What the lock says to write is what makes it content: each text is followed to the letter.

use std::fmt::Write as _;
use std::fs;

use super::package::{Package, errors};

/// An event that changes.
struct Case {
    /// The name of its type; in lower case it is the one in the journal.
    name: &'static str,
    was: &'static str,
    is: &'static str,
    /// The field that an attribute goes on.
    field: &'static str,
    /// What stands for `..`.
    expression: &'static str,
    /// Which of the attributes in the text applies.
    which: usize,
    /// What is in place of an attribute, where the text asks for a struct of its own.
    own: Option<&'static str>,
}

const PLAIN: Case = Case { name: "", was: "", is: "", field: "", expression: "", which: 0, own: None };

const CASES: &[Case] = &[
    Case {
        name: "Retyped",
        was: "struct Retyped { amount: f64, at: u64 }",
        is: "struct Retyped { amount: i64, at: u64 }",
        field: "amount",
        expression: "|old: f64| old as i64",
        ..PLAIN
    },
    Case {
        name: "Removed",
        was: "struct Removed { r#type: u8, by: Vec<(u8, [u8; 2])> }",
        is: "struct Removed { r#type: u8 }",
        ..PLAIN
    },
    Case {
        name: "Keyword",
        was: "struct Keyword { amount: u8, r#type: String }",
        is: "struct Keyword { amount: u8 }",
        ..PLAIN
    },
    Case {
        name: "Renamed",
        was: "struct Renamed { value: u8 }",
        is: "struct Renamed { amount: u8 }",
        field: "amount",
        ..PLAIN
    },
    Case {
        name: "Added",
        was: "struct Added { amount: u8 }",
        is: "struct Added { amount: u8, currency: Option<String> }",
        field: "currency",
        expression: "None",
        ..PLAIN
    },
    Case {
        name: "Attributed",
        was: "struct Attributed { amount: u8 }",
        is: "struct Attributed { #[serde(rename = \"sum\")] amount: u8 }",
        own: Some(
            "struct AttributedV1 { amount: u8 }\nimpl From<AttributedV1> for Attributed { fn from(old: AttributedV1) -> Self { Self { amount: old.amount } } }",
        ),
        ..PLAIN
    },
    Case {
        name: "Switched",
        was: "enum Switched { On, Off }",
        is: "enum Switched { On }",
        own: Some(
            "enum SwitchedV1 { On, Off }\nimpl From<SwitchedV1> for Switched { fn from(_: SwitchedV1) -> Self { Self::On } }",
        ),
        ..PLAIN
    },
    Case {
        name: "Numbered",
        was: "struct Numbered(u8, String);",
        is: "struct Numbered(u8);",
        own: Some(
            "struct NumberedV1(u8, String);\nimpl From<NumberedV1> for Numbered { fn from(old: NumberedV1) -> Self { Self(old.0) } }",
        ),
        ..PLAIN
    },
];

const DERIVES: &str = "#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]";

/// A crate whose events are declared by `declare`, with `lock` as its lock file.
fn source(lock: &str, declare: &dyn Fn(&Case) -> String) -> String {
    let mut source = "use es_core::prelude::*;\nuse serde::{Deserialize, Serialize};\n\n".to_owned();
    for case in CASES {
        writeln!(source, "{}\n", declare(case)).unwrap();
    }
    let events: Vec<String> = CASES.iter().map(|case| format!("{}(ignored)", case.name)).collect();
    write!(
        source,
        "#[derive(Command, Debug, Clone)]
pub struct Open;

#[derive(Aggregate, Default, Clone)]
#[aggregate(commands(Open), events({}), error = std::convert::Infallible)]
pub struct Account;

impl Handle<Open> for Account {{
    fn handle(&self, _: Open, _: &Context) -> Decision<Self> {{
        accept(None::<Renamed>)
    }}
}}

#[test]
fn the_schema_is_locked() {{
    es_core::testing::assert_schema_lock::<Account>(\"{lock}\");
}}
",
        events.join(", ")
    )
    .unwrap();
    source
}

fn declared(case: &Case, options: &str, item: &str) -> String {
    format!("{DERIVES}\n#[event(name = \"{}\"{options})]\npub {item}", case.name.to_lowercase())
}

/// The case as `said` has it to be written.
fn remedied(case: &Case, said: &str) -> String {
    let version = said.split_once("`version = 2` on the event").is_some() || said.contains("version = 2` on `");
    assert!(version, "{}: {said}", case.name);
    if let Some(own) = case.own {
        assert!(said.contains("as a struct of its own") && said.contains("`previous = "), "{said}");
        let old = declared(case, "", own);
        let new = declared(case, &format!(", version = 2, previous = {}V1", case.name), case.is);
        return format!("{old}\n{new}");
    }
    let attribute = said.split('`').filter(|text| text.starts_with("#[event(")).nth(case.which).unwrap();
    let attribute = attribute.replace("..", case.expression);
    if case.field.is_empty() {
        return format!(
            "{DERIVES}\n{attribute}\n#[event(name = \"{}\", version = 2)]\npub {}",
            case.name.to_lowercase(),
            case.is
        );
    }
    let field = format!(" {}:", case.field);
    declared(case, ", version = 2", &case.is.replacen(&field, &format!(" {attribute}{field}"), 1))
}

/// The text that is about the event of a case.
fn about<'a>(texts: &'a [String], case: &Case) -> &'a str {
    let event = format!("event `{}` version 1 of `account`: ", case.name.to_lowercase());
    let found: Vec<&String> = texts.iter().filter(|text| text.contains(&event)).collect();
    assert_eq!(found.len(), 1, "{event}: {texts:#?}");
    found[0]
}

#[track_caller]
fn remedies(package: &Package, lock: &str, texts: &[String]) {
    assert_eq!(texts.len(), CASES.len(), "one mistake, one error: {texts:#?}");
    package.source(&source(lock, &|case| remedied(case, about(texts, case))));
    let (success, said) = package.test(true);
    assert!(success, "{said}");
    let locked = fs::read_to_string(package.folder.join(lock)).unwrap();
    for case in CASES {
        for version in [1, 2] {
            let block = format!("account {} version {version}", case.name.to_lowercase());
            assert!(locked.contains(&block), "{block}: {locked}");
        }
    }
    package.passes();
}

#[test]
fn what_a_compile_error_of_the_lock_says_to_write_compiles() {
    let package = Package::new("locked_remedies");
    package.source(&source("events.lock", &|case| declared(case, "", case.was)));
    package.passes();
    package.source(&source("events.lock", &|case| declared(case, "", case.is)));
    let (success, said) = package.test(false);
    assert!(!success, "{said}");
    let texts: Vec<String> = errors(&said).into_iter().map(str::to_owned).collect();
    remedies(&package, "events.lock", &texts);
}

#[test]
fn what_the_test_of_the_lock_says_to_write_passes() {
    let package = Package::new("locked_remedies_of_the_test");
    // By another name the file is none that the derives look at.
    package.source(&source("other.lock", &|case| declared(case, "", case.was)));
    package.passes();
    package.source(&source("other.lock", &|case| declared(case, "", case.is)));
    let (success, said) = package.test(false);
    assert!(!success, "{said}");
    // Each begins with its number.
    let mut texts: Vec<String> = Vec::new();
    for line in said.lines().skip_while(|line| !line.starts_with("1. ")) {
        match line.split_once(". ") {
            Some((number, text)) if number.parse() == Ok(texts.len() + 1) => texts.push(text.to_owned()),
            _ if line.starts_with("   ") => texts.last_mut().into_iter().for_each(|text| text.push_str(line)),
            _ => {}
        }
    }
    remedies(&package, "other.lock", &texts);
}
