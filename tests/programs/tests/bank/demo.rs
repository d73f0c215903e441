use crate::folder::Folder;

#[test]
fn without_arguments_it_shows_the_main_job() {
    let folder = Folder::new();
    let out = folder.ok("");
    let (before_log, rest) = out.split_once("\nThe audit log of alice\n").unwrap();
    assert_eq!(
        before_log,
        "\
Command            Outcome                                     State
Increase by 100    event Increased by 100                      balance 100
Decrease by 30     event Decreased by 30                       balance 70
Decrease by 100    error: balance falls below 0                unchanged
Increase by 2000   error: balance limit of 1000 is reached     unchanged
"
    );
    let (log, rest) = rest.split_once("\nThe balance as it was\n").unwrap();
    let log: Vec<_> = log.lines().collect();
    assert_eq!(log.len(), 2);
    assert!(log[0].starts_with("#1  ") && log[0].ends_with("Z  Increased by 100, by teller-7"), "{}", log[0]);
    assert!(log[1].starts_with("#2  ") && log[1].ends_with("Z  Decreased by 30, by teller-7"), "{}", log[1]);
    assert!(rest.starts_with("after #1  100\nafter #2  70\n\nThe journal stays in "), "{rest}");
    assert!(folder.names().is_empty(), "it leaves the user's folder alone");
}

#[test]
fn its_journal_is_a_file_that_the_program_reads() {
    let folder = Folder::new();
    let out = folder.ok("");
    let file = out.lines().find_map(|line| line.strip_prefix("The journal stays in ")).unwrap();
    assert_eq!(folder.ok(&format!("show alice --file {file}")), "alice: balance 70 (version 2)\n");
}

#[test]
fn each_time_it_shows_the_same() {
    let folder = Folder::new();
    let table = |out: String| out.split_once("\nThe audit log").unwrap().0.to_owned();
    assert_eq!(table(folder.ok("")), table(folder.ok("")));
}

#[test]
fn options_without_a_command_are_a_mistake() {
    let folder = Folder::new();
    let ran = folder.run("--file other.db");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.starts_with("error: --file and --actor go with a command"), "{ran:?}");
    assert!(folder.names().is_empty());
}
