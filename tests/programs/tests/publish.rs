//! The example `publish`, as its users run it.
#![allow(missing_docs, reason = "a test")]

use std::process::{Command, Output};

fn publish(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_publish")).args(args).output().unwrap()
}

#[test]
fn it_shows_what_is_published() {
    let output = publish(&[]);
    assert!(output.status.success(), "{output:?}");
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.lines().count() == 4 && out.lines().all(|line| line.contains("\"specversion\":\"1.0\"")), "{out}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with("4 messages sent, all up to position 3\n"), "{said}");
}

#[test]
fn help_says_what_it_does() {
    let output = publish(&["--help"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    for text in ["CloudEvent", "[JOURNAL]", "publish bank.db"] {
        assert!(help.contains(text), "{text}: {help}");
    }
}

#[test]
fn a_journal_that_is_not_there_is_an_error() {
    let output = publish(&["no-such.db"]);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "));
}
