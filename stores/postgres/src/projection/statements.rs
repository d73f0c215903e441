//! The SQL of this folder, for one schema.

use std::sync::Arc;

use sqlx::AssertSqlSafe;

use crate::schema::Schema;

/// A statement with the name of the schema in it.
#[derive(Debug, Clone)]
pub(super) struct Statement(Arc<str>);

impl Statement {
    fn new(schema: &Schema, text: &str) -> Self {
        Self(schema.sql(text).0.into())
    }

    pub(super) fn sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
pub(super) struct Statements {
    /// What each connection is told first.
    pub(super) prepare: String,
    pub(super) look: Statement,
    pub(super) load: Statement,
    pub(super) save: Statement,
    pub(super) park: Statement,
    pub(super) unpark: Statement,
    pub(super) parked: Statement,
    pub(super) set_timer: Statement,
    pub(super) remove_timer: Statement,
    pub(super) timers: Statement,
    pub(super) keep_answer: Statement,
    pub(super) answers: Statement,
    pub(super) forget_answers: Statement,
    pub(super) split: Statement,
    pub(super) split_forget: Statement,
    pub(super) outbox_put: Statement,
    pub(super) outbox_clear: Statement,
    pub(super) outbox_ready: Statement,
    pub(super) outbox_delete: Statement,
    pub(super) outbox_keep: Statement,
    pub(super) outbox_forget: Statement,
    pub(super) outbox_park: Statement,
    pub(super) outbox_unpark: Statement,
    pub(super) outbox_discard: Statement,
    pub(super) outbox_parked: Statement,
    pub(super) outbox_size: Statement,
    pub(super) lease_held: Statement,
    pub(super) lease_take: Statement,
    pub(super) lease_renew: Statement,
    pub(super) lease_release: Statement,
    pub(super) lease_end_others: Statement,
}

impl Statements {
    pub(super) fn new(schema: &Schema) -> Self {
        let statement = |text| Statement::new(schema, text);
        let (load, save) = (include_str!("sql/load.sql").trim_end(), include_str!("sql/save.sql").trim_end());
        let prepare = include_str!("sql/prepare.sql").replace("{load}", load).replace("{save}", save);
        Self {
            prepare: schema.sql(&prepare).0,
            look: statement(include_str!("sql/look.sql")),
            load: statement(include_str!("sql/load.sql")),
            save: statement(include_str!("sql/save.sql")),
            park: statement(include_str!("sql/park.sql")),
            unpark: statement(include_str!("sql/unpark.sql")),
            parked: statement(include_str!("sql/parked.sql")),
            set_timer: statement(include_str!("sql/set_timer.sql")),
            remove_timer: statement(include_str!("sql/remove_timer.sql")),
            timers: statement(include_str!("sql/timers.sql")),
            keep_answer: statement(include_str!("sql/keep_answer.sql")),
            answers: statement(include_str!("sql/answers.sql")),
            forget_answers: statement(include_str!("sql/forget_answers.sql")),
            split: statement(include_str!("sql/split.sql")),
            split_forget: statement(include_str!("sql/split_forget.sql")),
            outbox_put: statement(include_str!("sql/outbox_put.sql")),
            outbox_clear: statement(include_str!("sql/outbox_clear.sql")),
            outbox_ready: statement(include_str!("sql/outbox_ready.sql")),
            outbox_delete: statement(include_str!("sql/outbox_delete.sql")),
            outbox_keep: statement(include_str!("sql/outbox_keep.sql")),
            outbox_forget: statement(include_str!("sql/outbox_forget.sql")),
            outbox_park: statement(include_str!("sql/outbox_park.sql")),
            outbox_unpark: statement(include_str!("sql/outbox_unpark.sql")),
            outbox_discard: statement(include_str!("sql/outbox_discard.sql")),
            outbox_parked: statement(include_str!("sql/outbox_parked.sql")),
            outbox_size: statement(include_str!("sql/outbox_size.sql")),
            lease_held: statement(include_str!("sql/lease_held.sql")),
            lease_take: statement(include_str!("sql/lease_take.sql")),
            lease_renew: statement(include_str!("sql/lease_renew.sql")),
            lease_release: statement(include_str!("sql/lease_release.sql")),
            lease_end_others: statement(include_str!("sql/lease_end_others.sql")),
        }
    }
}
