//! What a program logs while a future runs.

use std::cell::RefCell;

use log::{LevelFilter, Log, Metadata, Record};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Begins to listen to the warnings and errors of this thread.
pub fn listen() {
    // The first test of the process sets it, for all threads.
    let _ = log::set_logger(&Lines);
    log::set_max_level(LevelFilter::Warn);
    take();
}

/// Those since the last time, as lines of text.
pub fn take() -> Vec<String> {
    LINES.take()
}

struct Lines;

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.with_borrow_mut(|lines| lines.push(format!("{} {}", record.level(), record.args())));
    }

    fn flush(&self) {}
}
