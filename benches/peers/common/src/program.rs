//! `Program`: what a library is measured by.

use std::io::{self, BufRead as _};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::peer::{Done, Peer};
use crate::subject::{Effort, Store, Subject, Work};

/// The program of one library. `peers-compare` starts it, once for each workload, and talks to it line by line:
///
/// - with the argument `list`, it prints its libraries and its workloads;
/// - with the argument `serve`, each line of its input has the number of a workload in that list. It runs once, and a line
///   of the error output has the rate. That is not the output, since some libraries write to it.
///
/// With `quick` as the second argument the workloads are smaller.
pub struct Program {
    libraries: Vec<&'static str>,
    pub(crate) effort: Effort,
    pub(crate) works: Vec<Work>,
}

impl Program {
    /// A program that measures these libraries; their versions are to be shown.
    pub fn of(libraries: &[&'static str]) -> Self {
        let effort = if std::env::args().nth(2).is_some_and(|argument| argument == "quick") {
            Effort { slice: Duration::from_millis(300), divisor: 4 }
        } else {
            Effort { slice: Duration::from_secs(1), divisor: 1 }
        };
        Self { libraries: libraries.to_vec(), effort, works: Vec::new() }
    }

    /// Adds a library on a store; its workloads follow. `open` gives an empty store.
    pub fn subject<F, Opening, P>(&mut self, store: Store, name: impl Into<String>, open: F) -> Subject<'_, F>
    where
        F: Fn() -> Opening + Clone + Send + Sync + 'static,
        Opening: Future<Output = Done<P>> + Send + 'static,
        P: Peer,
    {
        Subject::new(self, store, name.into(), open)
    }

    /// Lists or measures, as the arguments say.
    ///
    /// # Errors
    ///
    /// When there is no such argument, or the input cannot be read.
    pub fn run(mut self) -> Done {
        match std::env::args().nth(1).as_deref() {
            Some("list") => self.list(),
            Some("serve") => self.serve()?,
            _ => return Err("say `list` or `serve`, or use benches/peers/run".into()),
        }
        Ok(())
    }

    fn list(&self) {
        for library in &self.libraries {
            println!("library\t{library}");
        }
        for Work { workload, what, subject, .. } in &self.works {
            println!("work\t{workload}\t{what}\t{subject}");
        }
    }

    fn serve(&mut self) -> Done {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        for line in io::stdin().lock().lines() {
            match self.measure(&runtime, &line?) {
                Ok(answer) => eprintln!("{answer}"),
                Err(error) => eprintln!("error {}", error.to_string().replace('\n', " ")),
            }
        }
        Ok(())
    }

    fn measure(&mut self, runtime: &Runtime, line: &str) -> Done<String> {
        let index: usize = line.trim().parse()?;
        let work = self.works.get_mut(index).ok_or_else(|| format!("there is no workload {index}"))?;
        let measured = (work.run)(runtime)?;
        Ok(format!("rate {:.3} failed {}", measured.rate(), measured.failed))
    }
}
