//! `Line`: what one line of the log says.

use es_core::prelude::*;

use crate::activity::{self, Transition};
use crate::application::{Application, ApplicationCommand};

/// The columns of a log.
pub const COLUMNS: [&str; 6] = ["application", "amount", "activity", "transition", "resource", "time"];

/// What happened, as the log has it.
#[derive(Debug, Clone)]
pub struct Line {
    /// To which application.
    pub application: String,
    /// What.
    pub activity: String,
    /// Which part of it.
    pub transition: Transition,
    /// What it asks of the application.
    pub command: ApplicationCommand,
    /// Who did it.
    pub clerk: Option<String>,
    /// When, as it is written.
    pub time: String,
}

/// Says why a line cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LineError {
    /// It is longer than any line has to be.
    #[error("longer than {} bytes", crate::log::LONGEST)]
    TooLong,
    /// It is not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// It has too many fields, or too few.
    #[error("expected the {} fields {}; found {found}", COLUMNS.len(), COLUMNS.join(","))]
    Fields {
        /// How many it has.
        found: usize,
    },
    /// The application has no id, or one that cannot be stored.
    #[error("{0}")]
    Application(String),
    /// The amount is none.
    #[error("expected an amount, a whole number; found `{}`", shortened(.0))]
    Amount(String),
    /// The transition is none.
    #[error("expected SCHEDULE, START or COMPLETE; found `{}`", shortened(.0))]
    Transition(String),
    /// There is no such activity.
    #[error("no activity that this program knows: `{}` {transition}", shortened(activity))]
    Activity {
        /// What it is called.
        activity: String,
        /// Its part.
        transition: Transition,
    },
    /// The time is none.
    #[error("{0}")]
    Time(String),
}

/// Reads a line.
pub fn read(line: &[u8]) -> Result<Line, LineError> {
    if line.contains(&b'"') {
        let fields = fields(line)?;
        return of_fields(&fields.iter().collect::<Vec<_>>());
    }
    // Without quotes, as nearly all are, it is what stands between the commas.
    let line = str::from_utf8(line).map_err(|_| LineError::NotUtf8)?;
    of_fields(&line.split(',').map(str::trim).collect::<Vec<_>>())
}

fn of_fields(fields: &[&str]) -> Result<Line, LineError> {
    let [application, amount, activity, transition, resource, time] = *fields else {
        return Err(LineError::Fields { found: fields.len() });
    };
    let stream = StreamId::new(Application::NAME, application);
    stream.map_err(|error| LineError::Application(error.to_string()))?;
    let amount = amount.parse().map_err(|_| LineError::Amount(amount.to_owned()))?;
    let transition = Transition::read(transition).ok_or_else(|| LineError::Transition(transition.to_owned()))?;
    let Some(command) = activity::command(activity, transition, amount) else {
        return Err(LineError::Activity { activity: activity.to_owned(), transition });
    };
    time.parse::<Timestamp>().map_err(|error| LineError::Time(shortened(&error.to_string())))?;
    Ok(Line {
        application: application.to_owned(),
        activity: activity.to_owned(),
        transition,
        command,
        clerk: Some(resource).filter(|clerk| !clerk.is_empty()).map(str::to_owned),
        time: time.to_owned(),
    })
}

/// The fields of a line. A record is one line, so that a stray quote spoils that line and not the rest of the file.
pub fn fields(line: &[u8]) -> Result<csv::StringRecord, LineError> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).buffer_capacity(line.len()).from_reader(line);
    let mut fields = csv::StringRecord::new();
    // A line in memory is always read, so it is the text that is wrong.
    reader.read_record(&mut fields).map_err(|_| LineError::NotUtf8)?;
    Ok(fields)
}

/// What a terminal can show of a text that may be anything.
pub fn shortened(text: &str) -> String {
    let start: String = text.chars().take(120).collect();
    let rest = if start.len() < text.len() { ".." } else { "" };
    format!("{}{rest}", start.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = read(b"173688,20000,W_Afhandelen leads,START,112,2011-10-01T00:38:44.546+02:00").unwrap();
        assert_eq!((line.application.as_str(), line.activity.as_str()), ("173688", "W_Afhandelen leads"));
        assert_eq!((line.transition, line.clerk.as_deref()), (Transition::Start, Some("112")));
        assert_eq!(line.time, "2011-10-01T00:38:44.546+02:00");
        let nobody = read(b"\"1\" , 5 ,A_SUBMITTED,COMPLETE,,2011-10-01T00:38:44Z").unwrap();
        assert_eq!((nobody.application.as_str(), nobody.clerk), ("1", None));
    }

    #[test]
    fn a_line_that_is_wrong_says_what_is() {
        for (line, says) in [
            (
                "1,5,A_SUBMITTED,COMPLETE,112",
                "expected the 6 fields application,amount,activity,transition,resource,time; found 5",
            ),
            (",5,A_SUBMITTED,COMPLETE,112,2011-10-01T00:00:00Z", "the id of an aggregate `application` is empty"),
            (
                "1,five,A_SUBMITTED,COMPLETE,112,2011-10-01T00:00:00Z",
                "expected an amount, a whole number; found `five`",
            ),
            ("1,5,A_SUBMITTED,DONE,112,2011-10-01T00:00:00Z", "expected SCHEDULE, START or COMPLETE; found `DONE`"),
            ("1,5,A_LOST,COMPLETE,112,2011-10-01T00:00:00Z", "no activity that this program knows: `A_LOST` COMPLETE"),
            ("1,5,A_SUBMITTED,COMPLETE,112,yesterday", "`yesterday` is not a time"),
        ] {
            let error = read(line.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
        assert_eq!(read(b"\xff,5,A_SUBMITTED,COMPLETE,112,2011-10-01T00:00:00Z").unwrap_err(), LineError::NotUtf8);
    }
}
