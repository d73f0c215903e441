//! `Guard`: what a projection may not do to the connection that it has for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Begins the names of savepoints that are not the projection's.
pub(crate) const SAVEPOINTS: &str = "es_";

/// The tables and views of the journal.
const OWN: [&str; 12] = [
    "meta",
    "streams",
    "kinds",
    "events",
    "journal_ids",
    "snapshots",
    "journal",
    "projections",
    "parked_events",
    "reaction_timers",
    "reaction_answers",
    "outbox",
];

/// Keeps projections from ending the transaction that they are in, and from changing what is not theirs.
///
/// While it is up, a statement for that cannot be prepared; and whatever is prepared already, or ends the transaction by
/// itself, nothing can be committed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard(Arc<AtomicBool>);

impl Guard {
    /// Watches over a connection.
    pub(crate) fn install(db: &mut Connection) -> rusqlite::Result<Self> {
        let guard = Self::default();
        let is_up = guard.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| {
            if is_up.is_up() && !allows(&context.action) { Authorization::Deny } else { Authorization::Allow }
        }))?;
        let is_up = guard.clone();
        // A commit for which this gives `true` is a rollback.
        db.commit_hook(Some(move || is_up.is_up()))?;
        Ok(guard)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Puts it up or down; gives how it was.
    pub(crate) fn set(&self, up: bool) -> bool {
        self.0.swap(up, Ordering::Relaxed)
    }
}

/// Whether a projection may do it.
fn allows(action: &AuthAction<'_>) -> bool {
    let is_own = |name: &str| OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
    match *action {
        AuthAction::Transaction { .. } | AuthAction::Attach { .. } | AuthAction::Detach { .. } => false,
        AuthAction::Savepoint { savepoint_name, .. } => {
            !savepoint_name.get(..SAVEPOINTS.len()).is_some_and(|start| start.eq_ignore_ascii_case(SAVEPOINTS))
        }
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::CreateTempTable { table_name }
        | AuthAction::CreateVtable { table_name, .. }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::CreateTempTrigger { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. } => !is_own(table_name),
        AuthAction::CreateView { view_name }
        | AuthAction::CreateTempView { view_name }
        | AuthAction::DropView { view_name } => !is_own(view_name),
        _ => true,
    }
}
