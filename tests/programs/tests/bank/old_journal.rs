//! A journal of before transfers were recorded as such: events of version 1, in a file as it was then.

use crate::folder::Folder;

const OLD: &[u8] = include_bytes!("journals/before-transfers.sqlite");

/// The lines of a history without their times.
fn history(folder: &Folder, account: &str) -> Vec<String> {
    let history = folder.ok(&format!("history {account}"));
    let without_time =
        |line: &str| line.split_whitespace().filter(|word| !word.ends_with('Z')).collect::<Vec<_>>().join(" ");
    history.lines().map(without_time).collect()
}

#[test]
fn it_still_reads() {
    let folder = Folder::new();
    folder.write("bank.db", OLD);
    assert_eq!(folder.ok("show alice"), "alice: balance 60 (version 4)\n");
    assert_eq!(folder.ok("show alice --at-version 3"), "alice: balance 50 (version 3)\n");
    assert_eq!(folder.ok("show bob"), "bob: balance 24 (version 3)\n");
    assert_eq!(
        history(&folder, "alice"),
        [
            "#1 Increased by 100 balance 100 by Ann",
            "#2 Decreased by 30 balance 70 by Ben",
            "#3 Decreased by 20 balance 50 by Ann",
            "#4 Increased by 10 balance 60 by import",
        ]
    );
}

#[test]
fn it_goes_on_with_events_of_today() {
    let folder = Folder::new();
    folder.write("bank.db", OLD);
    folder.ok("increase alice 40 --actor Cleo");
    assert_eq!(
        folder.ok("transfer alice bob 60 --actor Cleo"),
        "alice: balance 40 (version 6)\nbob: balance 84 (version 4)\n"
    );
    assert_eq!(
        history(&folder, "alice")[3..],
        [
            "#4 Increased by 10 balance 60 by import",
            "#5 Increased by 40 balance 100 by Cleo",
            "#6 Decreased by 60 balance 40 by Cleo, transferred to bob",
        ]
    );
    assert_eq!(
        history(&folder, "bob")[2..],
        ["#3 Decreased by 1 balance 24 by import", "#4 Increased by 60 balance 84 by Cleo, transferred from alice",]
    );
}
