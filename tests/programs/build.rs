//! Makes programs for PostgreSQL of those for SQLite in contract/: the store is another one, and nothing else.

use std::path::Path;
use std::{env, fs};

/// What is replaced, and by what.
const OTHER_STORE: [(&str, &str); 3] = [
    ("use es_sqlite::SqliteStore;", "use es_postgres::PostgresStore;"),
    ("SqliteStore::open(\"bank.db\")", "PostgresStore::connect(&crate::url())"),
    // They become modules of one test, beside each other.
    ("#[tokio::main]\nasync fn main()", "#[tokio::main]\npub async fn main()"),
];

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    for program in ["bank.rs", "transfer.rs"] {
        let path = Path::new("contract").join(program);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut text = fs::read_to_string(path).unwrap();
        for (sqlite, postgres) in OTHER_STORE {
            assert!(text.contains(sqlite), "`{sqlite}` is not in {program}: say here what stands for it now");
            text = text.replace(sqlite, postgres);
        }
        // The docs of a file, and the module that stands beside it here.
        let lines = text.lines().filter(|line| !line.starts_with("//!"));
        let text = lines.collect::<Vec<_>>().join("\n").replace("#[allow(dead_code)]\nmod bank;", "use super::bank;");
        fs::write(Path::new(&out).join(program), text).unwrap();
    }
}
