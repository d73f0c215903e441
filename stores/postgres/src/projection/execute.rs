//! `Execute`: a call of a statement that `prepare.sql` has prepared, as text.

use std::fmt::{Display, Write as _};

/// An `EXECUTE` that goes with others in one message.
#[derive(Debug)]
pub(super) struct Execute {
    sql: String,
    has_values: bool,
}

impl Execute {
    pub(super) fn new(name: &str) -> Self {
        Self { sql: format!("EXECUTE {name} ("), has_values: false }
    }

    pub(super) fn text(mut self, value: Option<&str>) -> Self {
        let Some(value) = value else { return self.value("NULL") };
        self = self.value("E'");
        for character in value.chars() {
            match character {
                '\'' => self.sql.push_str("''"),
                '\\' => self.sql.push_str("\\\\"),
                other => self.sql.push(other),
            }
        }
        self.sql.push('\'');
        self
    }

    pub(super) fn number(self, value: Option<i64>) -> Self {
        match value {
            // A literal, since the least one is no number with a sign before it.
            Some(value) => self.value(format_args!("'{value}'")),
            None => self.value("NULL"),
        }
    }

    pub(super) fn uuid(self, value: Option<uuid::Uuid>) -> Self {
        match value {
            Some(value) => self.value(format_args!("'{value}'")),
            None => self.value("NULL"),
        }
    }

    fn value(mut self, value: impl Display) -> Self {
        if std::mem::replace(&mut self.has_values, true) {
            self.sql.push_str(", ");
        }
        // A text can always be written to.
        let _ = write!(self.sql, "{value}");
        self
    }

    pub(super) fn sql(mut self) -> String {
        self.sql.push(')');
        self.sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_so_that_they_end_where_they_end() {
        let sql = Execute::new("es_save").text(Some(r"o'clock \' é")).text(None).number(Some(i64::MIN)).number(None);
        let sql = sql.uuid(Some(uuid::Uuid::nil())).uuid(None).sql();
        let expected = r"EXECUTE es_save (E'o''clock \\'' é', NULL, '-9223372036854775808', NULL, '00000000-0000-0000-0000-000000000000', NULL)";
        assert_eq!(sql, expected);
    }
}
