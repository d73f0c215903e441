//! The programs in contract/, each run in a folder of its own.

use std::process::{Command, Output};

fn run(program: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("bank.db").is_file());
    output
}

#[test]
fn bank_does_what_its_comments_say() {
    let output = run(env!("CARGO_BIN_EXE_contract-bank"));
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = printed.lines().collect();
    let [first, second] = lines[..] else { panic!("{printed}") };
    assert!(first.contains(" #1 ") && first.ends_with("Increased(Increased { by: 100 }) by None"), "{first}");
    assert!(
        second.contains(" #2 ") && second.ends_with("Decreased(Decreased { by: 30 }) by Some(\"teller-7\")"),
        "{second}"
    );
}

#[test]
fn transfer_does_what_its_comments_say() {
    run(env!("CARGO_BIN_EXE_contract-transfer"));
}

#[test]
fn read_side_does_what_its_comments_say() {
    let output = run(env!("CARGO_BIN_EXE_contract-read-side"));
    // The view has what was waited for; whether the projector has called itself live by then is not said.
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("balances: at 1 of 1, "), "{shown}");
}
