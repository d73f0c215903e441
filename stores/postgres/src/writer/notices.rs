//! `Notices`: what the server says beside its answers.
//!
//! When an administrator cancels a commit that waits for a standby, the server answers as if all was well, and warns that
//! the standby may not have it. To sqlx that is something for the log, so it is listened for there: while an append runs,
//! its log passes through here.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

/// Under what sqlx logs notices.
const TARGET: &str = "sqlx::postgres::notice";

thread_local! {
    /// The log of the program, while an append is being polled on this thread.
    static PROGRAM: RefCell<Dispatch> = RefCell::new(Dispatch::none());
}

/// Listens for warnings.
pub(super) struct Notices {
    warned: Arc<AtomicBool>,
    dispatch: Dispatch,
}

impl Notices {
    pub(super) fn new() -> Self {
        let warned = Arc::new(AtomicBool::new(false));
        let dispatch = Dispatch::new(Listener { warned: Arc::clone(&warned) });
        Self { warned, dispatch }
    }

    /// Runs something; says whether the server has warned meanwhile.
    pub(super) async fn watch<F: Future>(&self, running: F) -> (F::Output, bool) {
        self.warned.store(false, Ordering::Relaxed);
        let mut running = pin!(running);
        let output = poll_fn(|context| {
            let program = dispatcher::get_default(Clone::clone);
            let before = PROGRAM.replace(program);
            let polled = dispatcher::with_default(&self.dispatch, || running.as_mut().poll(context));
            PROGRAM.set(before);
            polled
        })
        .await;
        (output, self.warned.load(Ordering::Relaxed))
    }
}

/// Hears the warnings, and hands on everything to the log of the program.
struct Listener {
    warned: Arc<AtomicBool>,
}

fn program<T>(then: impl FnOnce(&Dispatch) -> T) -> T {
    PROGRAM.with_borrow(then)
}

fn is_warning(metadata: &Metadata<'_>) -> bool {
    metadata.target() == TARGET && *metadata.level() == Level::WARN
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // What the log of the program wants besides is asked of it, by `enabled`.
        if is_warning(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_warning(metadata) || program(|log| log.enabled(metadata))
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        program(|log| log.new_span(attributes))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        program(|log| log.record(span, values));
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        program(|log| log.record_follows_from(span, follows));
    }

    fn event(&self, event: &Event<'_>) {
        if is_warning(event.metadata()) {
            self.warned.store(true, Ordering::Relaxed);
        }
        program(|log| {
            if log.enabled(event.metadata()) {
                log.event(event);
            }
        });
    }

    fn enter(&self, span: &Id) {
        program(|log| log.enter(span));
    }

    fn exit(&self, span: &Id) {
        program(|log| log.exit(span));
    }

    fn clone_span(&self, id: &Id) -> Id {
        program(|log| log.clone_span(id))
    }

    fn try_close(&self, id: Id) -> bool {
        program(|log| log.try_close(id))
    }
}
