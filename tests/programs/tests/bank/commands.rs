use std::process::Stdio;

use crate::folder::{Folder, Ran};

#[test]
fn an_account_lives_from_run_to_run() {
    let folder = Folder::new();
    assert_eq!(folder.ok("increase alice 100"), "alice: balance 100 (version 1)\n");
    assert_eq!(folder.ok("decrease alice 30 --actor teller-7"), "alice: balance 70 (version 2)\n");
    assert_eq!(folder.error("decrease alice 100"), "balance falls below 0");
    assert_eq!(folder.error("increase alice 2000"), "balance limit of 1000 is reached");
    assert_eq!(folder.error("increase alice 18446744073709551615"), "balance limit of 1000 is reached");
    assert_eq!(folder.ok("show alice"), "alice: balance 70 (version 2)\n");
    assert_eq!(folder.names(), ["bank.db"]);
}

#[test]
fn an_account_is_shown_as_it_was() {
    let folder = Folder::new();
    for amount in [100, 20, 3] {
        folder.ok(&format!("increase alice {amount}"));
    }
    assert_eq!(folder.ok("show alice --at-version 0"), "alice: balance 0 (version 0)\n");
    assert_eq!(folder.ok("show alice --at-version 2"), "alice: balance 120 (version 2)\n");
    assert_eq!(folder.error("show alice --at-version 4"), "`account/alice` has no version 4; its newest is 3");
    let history = folder.ok("history alice");
    let times: Vec<_> = history.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(folder.ok(&format!("show alice --as-of {}", times[1])), "alice: balance 120 (version 2)\n");
    assert_eq!(folder.ok("show alice --as-of 1999-12-31T23:59:59Z"), "alice: balance 0 (version 0)\n");
    assert_eq!(folder.ok("show alice --as-of 9999-12-31T23:59:59+00:00"), "alice: balance 123 (version 3)\n");
    let ran = folder.run("show alice --as-of yesterday");
    assert!(ran.code == Some(2) && ran.err.contains("`yesterday` is not a time; write it as "), "{ran:?}");
}

#[test]
fn the_history_says_who_did_what_when() {
    let folder = Folder::new();
    folder.ok("increase alice 100 --actor Ann");
    folder.ok("--actor Ben decrease alice 30");
    folder.ok("increase alice 5");
    let history = folder.ok("history alice");
    let lines: Vec<_> = history.lines().collect();
    assert_eq!(lines.len(), 3);
    for (line, (number, rest)) in lines.iter().zip([
        ("#1", "Increased by 100   balance 100   by Ann"),
        ("#2", "Decreased by 30    balance 70    by Ben"),
        ("#3", "Increased by 5     balance 75    by "),
    ]) {
        let columns: Vec<_> = line.splitn(3, ' ').collect();
        assert_eq!(columns[0], number);
        assert!(line.contains(rest), "{line}");
    }
    assert!(!lines[2].ends_with("by ") && !lines[2].ends_with("unknown"), "the login name: {}", lines[2]);
}

#[test]
fn an_account_that_is_not_there_is_no_empty_account() {
    let folder = Folder::new();
    assert_eq!(folder.error("show alice"), "there is no file bank.db; the first increase creates it");
    assert_eq!(folder.error("history alice"), "there is no file bank.db; the first increase creates it");
    assert!(folder.names().is_empty(), "looking creates nothing");
    folder.ok("increase alice 1");
    for words in ["show bob", "show bob --at-version 1", "show bob --as-of 2026-01-31T18:00:00Z", "history bob"] {
        assert_eq!(folder.error(words), "there is no account bob in bank.db");
    }
    assert_eq!(folder.error("decrease bob 1"), "balance falls below 0");
    assert_eq!(folder.error("show bob"), "there is no account bob in bank.db");
}

#[test]
fn a_transfer_changes_both_accounts_or_none() {
    let folder = Folder::new();
    folder.ok("increase alice 100");
    assert_eq!(folder.ok("transfer alice bob 60"), "alice: balance 40 (version 2)\nbob: balance 60 (version 1)\n");
    assert_eq!(folder.error("transfer alice bob 60"), "balance falls below 0");
    folder.ok("increase bob 940");
    assert_eq!(folder.error("transfer alice bob 1"), "balance limit of 1000 is reached");
    assert_eq!(folder.error("transfer alice alice 1"), "alice cannot transfer to itself");
    assert_eq!(folder.ok("show alice"), "alice: balance 40 (version 2)\n");
    assert_eq!(folder.ok("show bob"), "bob: balance 1000 (version 2)\n");
}

#[test]
fn each_file_is_a_bank_of_its_own() {
    let folder = Folder::new();
    folder.ok("increase alice 100 --file here.db");
    folder.ok("--file there.db increase alice 200");
    assert_eq!(folder.ok("show alice --file here.db"), "alice: balance 100 (version 1)\n");
    assert_eq!(folder.ok("show alice --file there.db"), "alice: balance 200 (version 1)\n");
}

#[test]
fn what_cannot_be_meant_is_a_mistake_in_the_command_line() {
    let folder = Folder::new();
    for words in [
        "increase alice 0",
        "increase alice -5",
        "increase alice 1.5",
        "increase alice 18446744073709551616",
        "increase alice",
        "increase",
        "deposit alice 5",
        "show alice --at-version -1",
        "show alice --at-version 1 --as-of 2026-01-31T18:00:00Z",
        "show alice bob",
    ] {
        let ran = folder.run(words);
        assert!(ran.code == Some(2) && ran.out.is_empty() && ran.err.starts_with("error: "), "{words}: {ran:?}");
    }
    let ran = Ran::from(folder.command("increase alice 1 --actor").arg("").output().unwrap());
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(folder.names().is_empty());
}

#[test]
fn account_names_are_any_text() {
    let folder = Folder::new();
    for name in ["Zoë", "a/b", "it's", "50%_", " "] {
        let run = |words: &str| Ran::from(folder.command(words).arg(name).arg("7").output().unwrap());
        assert_eq!(run("increase").out, format!("{name}: balance 7 (version 1)\n"));
    }
    let empty = Ran::from(folder.command("increase").args(["", "7"]).output().unwrap());
    assert_eq!(empty.error(), "the id of an aggregate `account` is empty");
    assert!(folder.error(&format!("increase {} 7", "x".repeat(256))).contains("256 bytes"));
}

#[test]
fn help_says_what_there_is_with_examples() {
    let folder = Folder::new();
    let help = folder.ok("--help");
    for word in
        ["increase", "decrease", "transfer", "show", "history", "apply", "--file", "--actor", "Examples", "--as-of"]
    {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(folder.ok("apply --help").contains("account,increase|decrease,amount"));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Folder::new();
    folder.write("many.csv", "alice,increase,1\nalice,decrease,1\n".repeat(5_000));
    folder.ok("apply many.csv");
    let mut history = folder.command("history alice").stdout(Stdio::piped()).spawn().unwrap();
    drop(history.stdout.take());
    let ran = Ran::from(history.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}
