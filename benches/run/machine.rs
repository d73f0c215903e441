//! What the figures were measured on, and whether the machine was quiet. `benches/peers/compare` has it from here.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

/// What is to be known about a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Facts {
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    /// Of each that this program knows of: its version, and what makes it durable.
    pub(crate) databases: Vec<String>,
    /// 4 KiB, overwritten and synced, a second.
    pub(crate) syncs_per_second: f64,
    pub(crate) load: String,
}

impl Facts {
    pub(crate) fn find(folder: &Path) -> Self {
        let output = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok();
            output.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let processor = file("/proc/cpuinfo").lines().find(|line| line.starts_with("model name")).map(str::to_owned);
        let processor = processor.and_then(|line| Some(line.split_once(": ")?.1.to_owned())).unwrap_or_default();
        Self {
            date: output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            commit: output("git", &["rev-parse", "--short", "HEAD"]),
            cores: thread::available_parallelism().map_or(0, std::num::NonZero::get),
            processor,
            kernel: output("uname", &["-sr"]),
            rustc: output("rustc", &["--version"]),
            databases: Vec::new(),
            syncs_per_second: syncs_per_second(folder, Duration::from_millis(300)),
            load: file("/proc/loadavg").trim().to_owned(),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, commit, cores, processor, kernel, rustc, databases, syncs_per_second, load } = self;
        write!(formatter, "Measured {date} at commit {commit}: {cores} cores ({processor}), {kernel}, {rustc}")?;
        for database in databases {
            write!(formatter, ", {database}")?;
        }
        write!(formatter, "; {syncs_per_second:.0} synced writes of 4 KiB a second; load {load} at the start.")
    }
}

fn syncs_per_second(folder: &Path, duration: Duration) -> f64 {
    let measure = || -> std::io::Result<f64> {
        let path = folder.join("probe");
        let mut file = File::create(&path)?;
        file.write_all(&vec![0; 64 * 4096])?;
        file.sync_all()?;
        let (started, mut count) = (Instant::now(), 0_u32);
        while started.elapsed() < duration {
            file.write_all_at(&[1; 4096], u64::from(count % 64) * 4096)?;
            file.sync_data()?;
            count += 1;
        }
        let rate = f64::from(count) / started.elapsed().as_secs_f64();
        std::fs::remove_file(path)?;
        Ok(rate)
    };
    measure().unwrap_or(0.0)
}

/// How much of two processors two threads get now, 2 at most.
fn processors() -> f64 {
    let run_time = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    let spin = move || {
        let (before, started) = (run_time(), Instant::now());
        let mut number = 1_u64;
        while started.elapsed() < Duration::from_millis(15) {
            for _ in 0..1_000 {
                number = black_box(number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1));
            }
        }
        run_time() - before
    };
    let started = Instant::now();
    let threads = [thread::spawn(spin), thread::spawn(spin)];
    let nanos: u64 = threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum();
    Duration::from_nanos(nanos).as_secs_f64() / started.elapsed().as_secs_f64()
}

/// Waits for a moment in which nothing else runs, but not for long; gives whether there was one.
pub(crate) fn wait_for_quiet(patience: Duration) -> bool {
    let started = Instant::now();
    loop {
        if is_quiet() {
            return true;
        }
        if started.elapsed() >= patience {
            return false;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn is_quiet() -> bool {
    processors() > 1.6
}
