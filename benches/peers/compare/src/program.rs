//! `Program`: one library's, and what it is asked.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Done;
use crate::measure::Effort;

/// How many lines are kept that are no answers.
const MOST: usize = 20;

/// A workload that a program has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Work {
    pub(crate) workload: String,
    pub(crate) what: String,
    pub(crate) subject: String,
}

#[derive(Debug)]
pub(crate) struct Program {
    /// The name of its folder.
    pub(crate) name: String,
    pub(crate) libraries: Vec<String>,
    pub(crate) works: Vec<Work>,
    path: PathBuf,
    effort: Effort,
}

impl Program {
    /// Finds the program of a library, and asks for its workloads.
    pub(crate) fn find(name: &str, built: &Path, effort: Effort) -> Done<Self> {
        let path = built.join(format!("peer-{name}"));
        let mut program = Self { name: name.to_owned(), libraries: Vec::new(), works: Vec::new(), path, effort };
        let output = program.command("list").output();
        let output = output.map_err(|error| format!("cannot run {}: {error}", program.path.display()))?;
        for line in String::from_utf8(output.stdout)?.lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["library", library] => program.libraries.push(library.to_owned()),
                ["work", workload, what, subject] => {
                    program.works.push(Work { workload: workload.into(), what: what.into(), subject: subject.into() });
                }
                _ => return Err(format!("{name} lists `{line}`; a library or a work was expected").into()),
            }
        }
        Ok(program)
    }

    fn command(&self, argument: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.arg(argument);
        if self.effort.quick {
            command.arg("quick");
        }
        command
    }

    /// Starts it: it has its files in this folder, and its tables in this database.
    pub(crate) fn start(&self, folder: &Path, database: Option<&str>) -> Done<Running> {
        let mut command = self.command("serve");
        command.env("PEER_FOLDER", folder).env_remove("PEER_DATABASE");
        if let Some(database) = database {
            command.env("PEER_DATABASE", database);
        }
        // Some libraries print a line for each command.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let (input, errors) = (child.stdin.take(), child.stderr.take().ok_or("it has no error output")?);
        let (send, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Running { child, input, answers, longest: self.effort.longest })
    }
}

/// What a workload gave, once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) rate: f64,
    pub(crate) failed: u64,
}

/// A program that waits for orders, and ends with this.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    longest: Duration,
}

impl Running {
    /// Has it do a workload once. The error is what it says, in a line.
    pub(crate) fn run(&mut self, index: usize) -> Result<Answer, String> {
        let input = self.input.as_mut().ok_or("it has no input")?;
        writeln!(input, "{index}").map_err(|error| format!("it has ended: {error}"))?;
        let latest = Instant::now() + self.longest;
        // What it says before: of a panic, the place and the message.
        let mut said = VecDeque::new();
        loop {
            match self.answers.recv_timeout(latest.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(answer) = answer(&line) {
                        return answer;
                    }
                    said.push_back(line);
                    if said.len() > MOST {
                        said.pop_front();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    return Err(format!("no answer in {} minutes", self.longest.as_secs() / 60));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it has ended: {}", Vec::from(said).join(" ")));
                }
            }
        }
    }
}

/// What a line says, if it is an answer.
fn answer(line: &str) -> Option<Result<Answer, String>> {
    if let Some(error) = line.strip_prefix("error ") {
        return Some(Err(error.to_owned()));
    }
    let (rate, failed) = line.strip_prefix("rate ")?.split_once(" failed ")?;
    let answer = rate.parse().ok().zip(failed.parse().ok()).map(|(rate, failed)| Answer { rate, failed });
    Some(answer.ok_or_else(|| format!("it answers `{line}`")))
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input is the end of its work. One that does not listen is killed.
        drop(self.input.take());
        while !matches!(self.answers.recv_timeout(Duration::from_secs(10)), Err(RecvTimeoutError::Disconnected)) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
