use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::folder::{Folder, Ran, SAMPLE, figures, long_log};

const HEADER: &str = "application,amount,activity,transition,resource,time";

#[test]
fn a_log_that_cannot_be_read_makes_no_file() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.write("empty.csv", "");
    folder.write("other.csv", "name,age\nalice,30\n");
    folder.write("plain.csv.gz", "\u{1}\u{2}\u{3}");
    let header = format!("and not with the header {HEADER}");
    for (log, says) in [
        ("nowhere.csv", "cannot read nowhere.csv: No such file or directory (os error 2)".to_owned()),
        ("folder", "cannot read folder: Is a directory (os error 21)".to_owned()),
        ("empty.csv", format!("empty.csv is no event log: it is empty, {header}")),
        ("other.csv", format!("other.csv is no event log: it begins with `name,age`, {header}")),
        ("plain.csv.gz", format!("plain.csv.gz is no event log: it begins with `\\u{{1}}\\u{{2}}\\u{{3}}`, {header}")),
    ] {
        assert_eq!(folder.error(log), says);
    }
    assert!(folder.names().iter().all(|name| !name.contains(".db")), "{:?}", folder.names());
}

#[test]
fn a_compressed_log_that_ends_too_early_is_imported_up_to_there() {
    let folder = Folder::new();
    let log = long_log(5);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(log.as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    folder.write("log.csv.gz", &bytes[..bytes.len() / 2]);
    let error = folder.error("log.csv.gz");
    assert!(error.starts_with("cannot read line ") && error.contains(" of log.csv.gz: "), "{error}");
    // The whole of it goes on from there.
    folder.write("log.csv.gz", &bytes);
    let ran = folder.run("log.csv.gz");
    assert!(ran.err.contains(", where an import had ended before"), "{ran:?}");
    folder.write("whole.csv", log);
    assert_eq!(figures(&ran.out), figures(&folder.ok("whole.csv")));
}

#[test]
fn lines_that_cannot_be_read_are_reported_and_the_rest_go_on() {
    let folder = Folder::new();
    let good = SAMPLE.lines().nth(1).unwrap();
    let lines: Vec<Vec<u8>> = [
        HEADER,
        "L1,5,A_SUBMITTED,COMPLETE,ann",
        good,
        "",
        "L1,5,A_UNKNOWN,COMPLETE,ann,2024-01-08T12:42:45Z",
        &"x".repeat(1_000_000),
        "L1,5,W_Anything,BEGIN,ann,2024-01-08T12:42:45Z",
        "L1,5,W_Anything,START,ann,08.01.2024",
        "L1,-5,A_SUBMITTED,COMPLETE,ann,2024-01-08T12:42:45Z",
        ",5,A_SUBMITTED,COMPLETE,ann,2024-01-08T12:42:45Z",
    ]
    .iter()
    .map(|line| line.as_bytes().to_vec())
    .chain([b"L\xff,5,A_SUBMITTED,COMPLETE,ann,2024-01-08T12:42:45Z".to_vec()])
    .collect();
    folder.write("log.csv", lines.join(&b'\n'));
    let ran = folder.run("log.csv");
    let time = "write it as 2026-11-23T18:00:00Z or 2026-11-23T19:00:00.25+01:00";
    let mut expected = vec![
        format!("line 2: expected the 6 fields {HEADER}; found 5"),
        "line 5: no activity that this program knows: `A_UNKNOWN` COMPLETE".to_owned(),
        "line 6: longer than 4096 bytes".to_owned(),
        "line 7: expected SCHEDULE, START or COMPLETE; found `BEGIN`".to_owned(),
        format!("line 8: `08.01.2024` is not a time; {time}"),
        "line 9: expected an amount, a whole number; found `-5`".to_owned(),
        "line 10: the id of an aggregate `application` is empty".to_owned(),
        "line 11: not UTF-8".to_owned(),
        "1 lines imported; 8 cannot be read".to_owned(),
    ];
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), expected);
    assert_eq!(ran.code, Some(1));
    // Again, they are not hidden.
    let again = folder.run("log.csv");
    expected[8] = "all lines were imported before; 8 cannot be read".to_owned();
    assert_eq!(again.err.lines().collect::<Vec<_>>(), expected);
    assert_eq!((again.code, again.out), (Some(1), ran.out));
}

#[test]
fn another_log_is_not_mixed_into_a_file() {
    let folder = Folder::new();
    folder.write("one.csv", SAMPLE);
    folder.write("two.csv", SAMPLE.replace("L1003", "L9003"));
    folder.write("three.csv", SAMPLE.lines().take(100).collect::<Vec<_>>().join("\n"));
    let one = folder.ok("one.csv --db loans.db");
    for other in ["two.csv", "three.csv"] {
        let error = folder.error(&format!("{other} --db loans.db"));
        let lines = SAMPLE.lines().count();
        assert!(error.starts_with(&format!("loans.db has another log: its first {lines} lines are not")), "{error}");
    }
    assert_eq!(folder.ok("one.csv --db loans.db"), one);
    assert_eq!(folder.ok("two.csv --db loans.db --fresh"), one);
}

#[test]
fn nothing_but_what_this_program_made_is_thrown_away() {
    let folder = Folder::new();
    let content = "Dear diary, today I asked for a loan.\n".repeat(300);
    folder.write("diary.db", &content);
    let error = folder.error("--fresh --db diary.db");
    assert!(error.contains("diary.db"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.path("diary.db")).unwrap(), content);
    assert!(folder.error("--report").starts_with("there is no file loans-sample.db: "));
    assert_eq!(folder.names(), ["diary.db"]);
}

#[test]
fn two_that_import_one_log_at_once_write_each_line_once() {
    let folder = Folder::new();
    folder.write("log.csv", long_log(5));
    let runs: Vec<_> = (0..2).map(|_| folder.command("log.csv").spawn().unwrap()).collect();
    for run in runs {
        let ran = Ran::from(run.wait_with_output().unwrap());
        // One may find the other at work on a read model.
        let busy = "error: another program is at work on log.db; wait until it has ended\n";
        assert!(ran.code == Some(0) || ran.err.ends_with(busy), "{ran:?}");
    }
    let report = folder.ok("log.csv");
    folder.write("again.csv", long_log(5));
    assert_eq!(figures(&report), figures(&folder.ok("again.csv")));
}
