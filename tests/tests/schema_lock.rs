//! The schema lock of a crate of its own: made by its test, checked when it compiles.
#![allow(missing_docs, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate in a folder of its own, with one aggregate. It shares what is built with this workspace.
struct Package {
    folder: PathBuf,
    target: PathBuf,
}

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
  account: locked::Account

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

impl Package {
    fn new() -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = tmp.join("schema_lock");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = format!(
            "[package]\nname = \"locked\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             es-core = {{ path = \"{}\" }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n",
            root.join("es-core").display()
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The versions that the workspace was built with are there without a network.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder, target: tmp.parent().unwrap().to_owned() }
    }

    fn source(&self, source: &str) {
        fs::write(self.folder.join("src/lib.rs"), source).unwrap();
    }

    fn write_lock(&self, text: &str) {
        fs::write(self.folder.join("events.lock"), text).unwrap();
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.folder.join("events.lock")).unwrap()
    }

    /// Runs the tests of the crate, and gives whether they pass and what is said.
    fn test(&self, update: bool) -> (bool, String) {
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--offline", "--lib", "--color=never", "--", "--nocapture"]).current_dir(&self.folder);
        command.env("CARGO_TARGET_DIR", &self.target).env_remove("UPDATE_LOCK").env_remove("RUST_BACKTRACE");
        if update {
            command.env("UPDATE_LOCK", "1");
        }
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.success(), text)
    }

    #[track_caller]
    fn passes(&self) -> String {
        let (success, text) = self.test(false);
        assert!(success, "{text}");
        text
    }

    /// The only error that the crate does not compile with, and the source that it is at.
    #[track_caller]
    fn does_not_compile(&self) -> (String, String) {
        let (success, text) = self.test(false);
        assert!(!success && text.contains("could not compile `locked`"), "{text}");
        let is_error = |line: &&str| line.starts_with("error") && !line.contains("could not compile");
        assert_eq!(text.lines().filter(is_error).count(), 1, "one mistake, one error: {text}");
        let error = text.lines().skip_while(|line| !is_error(line)).collect::<Vec<_>>().join("\n");
        let place = error.split_once("--> src/lib.rs:").unwrap().1.lines().next().unwrap();
        let (line, column) = place.split_once(':').unwrap();
        let source = fs::read_to_string(self.folder.join("src/lib.rs")).unwrap();
        let line = source.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        let at = line[column.parse::<usize>().unwrap() - 1..].to_owned();
        (error, at)
    }

    /// Says what the crate does not compile with when `from` becomes `to`.
    #[track_caller]
    fn changed(&self, from: &str, to: &str) -> (String, String) {
        assert!(SOURCE.contains(from));
        self.source(&SOURCE.replacen(from, to, 1));
        self.does_not_compile()
    }
}

#[test]
fn a_crate_locks_its_events() {
    let package = Package::new();
    package.source(SOURCE);
    let said = package.passes();
    assert!(said.contains("made the schema lock `events.lock`: commit it"), "{said}");
    assert!(package.lock().ends_with(LOCK), "{}", package.lock());
    let golden = |name: &str| fs::read_to_string(package.folder.join("tests/golden/account").join(name)).unwrap();
    assert!(golden("deposited.v1.json").contains("\"time\": 2"), "{}", golden("deposited.v1.json"));
    assert!(golden("exchanged.v1.json").contains("\"became\": []"), "{}", golden("exchanged.v1.json"));
    assert!(golden("state%20changed.v1.json").contains("Frozen"), "{}", golden("state%20changed.v1.json"));

    // Now that there is a file, it is checked when the crate compiles.
    package.source(&format!("{SOURCE}\n\n{OTHER}"));
    package.passes();

    let (error, at) = package.changed("amount: f64", "amount: i64");
    assert!(
        error.contains(
            "event `deposited` version 1 of `account`: field `amount` was `f64` and is `i64` now, but version 1 may be \
             in a journal; write `#[event(changed(from = f64, with = .., since = 2))]` on the field and `version = 2` \
             on the event"
        ),
        "{error}"
    );
    assert!(at.starts_with("Deposited(ignored)"), "{error}");
    let (error, _) = package.changed("    pub amount: f64,\n", "");
    assert!(error.contains("field `amount: f64` is gone"), "{error}");
    assert!(error.contains("write `#[event(removed(amount: f64, since = 2))]` and `version = 2`"), "{error}");
    let (error, _) = package.changed("amount: f64", "sum: f64");
    assert!(error.contains("and `sum` of the same type is new"), "{error}");
    assert!(error.contains("`#[event(renamed(from = amount, since = 2))]` on it"), "{error}");
    let (error, _) = package.changed("    pub amount: f64,\n", "    pub amount: f64,\n    pub note: String,\n");
    assert!(error.contains("field `note: String` is new"), "{error}");
    assert!(error.contains("`#[event(added(default = .., since = 2))]` on the field"), "{error}");
    let (error, _) = package.changed("rename = \"time\"", "rename = \"when\"");
    assert!(error.contains("had #[serde(rename = \"time\")] and has #[serde(rename = \"when\")] now"), "{error}");
    let (error, _) =
        package.changed("pub struct Deposited", "#[serde(rename_all = \"camelCase\")]\npub struct Deposited");
    assert!(error.contains("it had no serde attribute and has #[serde(rename_all = \"camelCase\")] now"), "{error}");
    let (error, at) = package.changed("    Thawed,\n", "    Melted,\n");
    assert!(error.contains("event `state changed` version 1 of `account`: variant `Thawed` is gone"), "{error}");
    assert!(at.starts_with("StateChanged(ignored)"), "{error}");
    let (error, at) = package.changed("pub struct Exchanged(i64", "pub struct Exchanged(u32");
    assert!(error.contains("field `0` was `i64` and is `u32` now") && at.starts_with("Exchanged)"), "{error}");
    let (error, at) = package.changed("name = \"deposited\"", "name = \"paid in\"");
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
