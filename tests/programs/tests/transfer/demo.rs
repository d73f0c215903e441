use std::process::Command;

#[test]
fn it_shows_what_became_of_each_transfer() {
    let output = Command::new(env!("CARGO_BIN_EXE_transfer")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let out = String::from_utf8(output.stdout).unwrap();
    let (shown, rest) = out.split_once("\nThe journal stays in ").unwrap();
    let (_, shown) = shown.split_once("a minute goes by\n").unwrap();
    assert_eq!(
        shown,
        "
What became of them
t-1  requested, taken, completed
t-2  requested, taken, given up (balance limit of 1000 is reached), refunded
t-3  requested, declined (balance falls below 0)
t-4  requested, taken, given up (not confirmed in time), refunded
t-5  requested, taken, confirmed, completed

The accounts
alice   970
bob     980
carol     0
dave    700
erin    200
"
    );
    let file = rest.lines().next().unwrap();
    std::fs::remove_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
}

#[test]
fn help_says_what_it_does() {
    let output = Command::new(env!("CARGO_BIN_EXE_transfer")).arg("--help").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("five transfers") && !help.contains("The journal stays in"), "{help}");
}
