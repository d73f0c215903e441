use crate::folder::Folder;

#[test]
fn lines_that_fail_are_reported_by_number_and_the_rest_go_on() {
    let folder = Folder::new();
    let long = "x".repeat(1_000_000);
    let id = "i".repeat(256);
    let lines: Vec<Vec<u8>> = [
        "\u{feff}account,change,amount", // 1
        "alice,increase,100",
        "alice,decrease,30\r",
        "",
        "  ",
        " bob , increase , 7 ",
        "\"carol, the third\",\"increase\",\"5\"",
        "alice,decrease,100", // 8
        "alice,increase,2000",
        "alice,increase",
        "alice,increase,1,2", // 11
        "alice,steal,5",
        "alice,increase,0",
        "alice,increase,-5",
        "alice,increase,ten", // 15
        "alice,increase,",
        ",increase,1",
        &format!("{id},increase,1"),
        &format!("{long},increase,1"), // 19
        "alice,\"increase,1",
        "alice,increase,99999999999999999999999",
        "account,change,amount", // 22: a header is the first line
    ]
    .map(|line| line.as_bytes().to_vec())
    .into_iter()
    .chain([b"al\xffce,increase,1".to_vec(), b"alice,increase,1".to_vec()])
    .collect();
    folder.write("changes.csv", lines.join(&b'\n'));

    let ran = folder.run("apply changes.csv");
    let expected = [
        "line 8: balance falls below 0",
        "line 9: balance limit of 1000 is reached",
        "line 10: expected account,increase|decrease,amount; found 2 fields",
        "line 11: expected account,increase|decrease,amount; found 4 fields",
        "line 12: expected increase or decrease; found `steal`",
        "line 13: expected an amount, a whole number from 1; found `0`",
        "line 14: expected an amount, a whole number from 1; found `-5`",
        "line 15: expected an amount, a whole number from 1; found `ten`",
        "line 16: expected an amount, a whole number from 1; found ``",
        "line 17: the id of an aggregate `account` is empty",
        "line 18: the id of an aggregate `account` has 256 bytes, more than the 255 there may be: \
         `iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii..`",
        "line 19: longer than 4096 bytes",
        "line 20: expected account,increase|decrease,amount; found 2 fields",
        "line 21: expected an amount, a whole number from 1; found `99999999999999999999999`",
        "line 22: expected increase or decrease; found `change`",
        "line 23: not UTF-8",
    ];
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), expected);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "5 applied, 16 failed\n"));
    assert_eq!(folder.ok("show alice"), "alice: balance 71 (version 3)\n");
    assert_eq!(folder.ok("show bob"), "bob: balance 7 (version 1)\n");
}

#[test]
fn the_changes_are_made_in_the_order_of_the_lines() {
    let folder = Folder::new();
    // Each pair fills an account and empties it: in any other order some would be rejected.
    let pair = |account: usize| format!("account-{account},increase,1000\naccount-{account},decrease,1000\n");
    let lines: Vec<_> = (0..2_000).map(|number| pair(number % 7)).collect();
    folder.write("changes.csv", lines.concat() + "account-0,increase,3");
    assert_eq!(folder.ok("apply changes.csv --actor batch"), "4001 applied, 0 failed\n");
    assert_eq!(folder.ok("show account-0"), "account-0: balance 3 (version 573)\n");
    assert!(folder.ok("history account-0").lines().all(|line| line.ends_with("by batch")));
}

#[test]
fn a_file_without_changes_is_no_error() {
    let folder = Folder::new();
    for content in ["", "\n", "\r\n\r\n", "account,kind,amount\n", "\u{feff}"] {
        folder.write("changes.csv", content);
        assert_eq!(folder.ok("apply changes.csv"), "0 applied, 0 failed\n", "{content:?}");
    }
}

#[test]
fn more_accounts_than_the_cache_keeps_are_no_trouble() {
    let folder = Folder::new();
    let lines: Vec<_> = (0..12_000).map(|account| format!("account-{account},increase,1\n")).collect();
    folder.write("changes.csv", lines.concat().repeat(2));
    assert_eq!(folder.ok("apply changes.csv"), "24000 applied, 0 failed\n");
    assert_eq!(folder.ok("show account-11999"), "account-11999: balance 2 (version 2)\n");
}

#[test]
fn a_file_that_cannot_be_read_opens_no_bank() {
    let folder = Folder::new();
    assert!(folder.error("apply nowhere.csv").starts_with("cannot read nowhere.csv: "));
    assert!(folder.names().is_empty());
}

#[test]
fn a_directory_is_no_csv_file() {
    let folder = Folder::new();
    let ran = folder.run("apply .");
    assert!(ran.code == Some(1) && ran.err.starts_with("error: cannot read .: "), "{ran:?}");
}
