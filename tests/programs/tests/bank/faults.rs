use std::fs::{self, OpenOptions, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::folder::{Folder, Ran};

#[test]
fn two_programs_change_one_account_at_once() {
    const ROUNDS: u64 = 25;
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for program in 0..2 {
            let folder = &folder;
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    folder.ok(&format!("increase alice 1 --actor program-{program}"));
                }
            });
        }
    });
    assert_eq!(folder.ok("show alice"), format!("alice: balance {0} (version {0})\n", 2 * ROUNDS));
}

#[test]
fn two_files_are_applied_at_once() {
    let folder = Folder::new();
    let lines = "alice,increase,1\nbob,increase,2\nalice,decrease,1\nbob,decrease,2\n";
    folder.write("changes.csv", lines.repeat(1_500));
    folder.ok("increase alice 10");
    let programs: Vec<_> = (0..2).map(|_| folder.command("apply changes.csv").spawn().unwrap()).collect();
    for program in programs {
        let ran = Ran::from(program.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "6000 applied, 0 failed\n", ""));
    }
    assert_eq!(folder.ok("show alice"), "alice: balance 10 (version 6001)\n");
    assert_eq!(folder.ok("show bob"), "bob: balance 0 (version 6000)\n");
}

#[test]
fn a_directory_in_place_of_the_file_is_an_error() {
    let folder = Folder::new();
    fs::create_dir(folder.path("bank.db")).unwrap();
    for words in ["increase alice 1", "show alice"] {
        let error = folder.error(words);
        assert!(error.contains("bank.db"), "{error}");
    }
    let error = folder.error("increase alice 1 --file nowhere/bank.db");
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_file_that_is_no_journal_is_an_error_and_stays_as_it_is() {
    let folder = Folder::new();
    let content = "Dear diary, today I opened an account.\n".repeat(300);
    folder.write("bank.db", &content);
    for words in ["increase alice 1", "show alice", "history alice"] {
        let error = folder.error(words);
        assert!(error.contains("bank.db"), "{error}");
    }
    assert_eq!(fs::read_to_string(folder.path("bank.db")).unwrap(), content);
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = Folder::new();
    folder.write("changes.csv", "alice,increase,1\nalice,decrease,1\n".repeat(2_000));
    folder.ok("apply changes.csv");
    let path = folder.path("bank.db");
    let size = fs::metadata(&path).unwrap().len();
    assert!(size > 100_000, "the events are in the file: {size} bytes");
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xaa; usize::try_from(size - 4096).unwrap()]).unwrap();
    drop(file);
    for words in ["show alice", "history alice", "increase alice 1"] {
        let error = folder.error(words);
        assert!(error.contains("bank.db"), "{words}: {error}");
    }
}

#[test]
fn a_file_that_can_only_be_read_is_read_and_not_changed() {
    let folder = Folder::new();
    folder.ok("increase alice 100");
    let before = fs::read(folder.path("bank.db")).unwrap();
    fs::set_permissions(folder.path("bank.db"), Permissions::from_mode(0o444)).unwrap();
    let error = as_ordinary_user(&folder, &["increase", "alice", "1"]).error();
    assert!(error.contains("bank.db") && error.contains("cannot be written"), "{error}");
    let shown = as_ordinary_user(&folder, &["show", "alice"]);
    assert_eq!((shown.out.as_str(), shown.err.as_str()), ("alice: balance 100 (version 1)\n", ""));
    assert_eq!(fs::read(folder.path("bank.db")).unwrap(), before);
}

/// Runs the program as someone whom permissions bind: as nobody, where the tests run as root.
fn as_ordinary_user(folder: &Folder, args: &[&str]) -> Ran {
    let program = folder.path("bank");
    fs::copy(env!("CARGO_BIN_EXE_bank"), &program).unwrap();
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(program);
    command.args(args).args(["--actor", "someone"]).current_dir(folder.path(""));
    let is_root = OpenOptions::new().write(true).open(folder.path("bank.db")).is_ok();
    if is_root {
        command.uid(65534).gid(65534);
    }
    Ran::from(command.output().unwrap())
}
