//! `Folder`: where the program runs, and the logs that it gets.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The log that the program has in itself.
pub(crate) const SAMPLE: &str = include_str!("../../../../examples/loans/sample.csv");

pub(crate) struct Folder(TempDir);

/// What a run of the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The program, to be run in the folder; the words are its arguments.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loans"));
        command.args(words.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("COLUMNS", "80").env_remove("LC_ALL");
        command
    }

    pub(crate) fn run(&self, words: &str) -> Ran {
        Ran::from(self.command(words).output().unwrap())
    }

    /// Runs the program, which must succeed, and gives what it printed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &str) -> String {
        let ran = self.run(words);
        assert!(ran.code == Some(0), "loans {words}: {ran:?}");
        ran.out
    }

    /// Runs the program, which must fail with one line and print nothing, and gives that line without its `error: `.
    #[track_caller]
    pub(crate) fn error(&self, words: &str) -> String {
        let ran = self.run(words);
        let line = ran.err.strip_prefix("error: ").and_then(|line| line.strip_suffix('\n'));
        match line {
            Some(line) if ran.code == Some(1) && ran.out.is_empty() && !line.contains('\n') => line.to_owned(),
            _ => panic!("expected one line of error, got {ran:?}"),
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The sample several times over, each time with other applications.
pub(crate) fn long_log(times: usize) -> String {
    let (header, lines) = SAMPLE.split_once('\n').unwrap();
    let copies = (0..times).flat_map(|time| lines.lines().map(move |line| format!("{time}-{line}\n")));
    std::iter::once(format!("{header}\n")).chain(copies).collect()
}

/// The report without its first line, which names the file.
pub(crate) fn figures(report: &str) -> &str {
    report.split_once('\n').unwrap().1
}
