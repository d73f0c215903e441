//! `Lines`: the lines of a CSV file, and the change that each asks for.
//!
//! A record is one line, so that a stray quote spoils that line and not the rest of the file, and a line is bounded, so
//! that no file needs more memory than another.

use std::io::{self, BufRead, Read};

use crate::account::{AccountCommand, Decrease, Increase};

/// The longest line, in bytes.
const LONGEST: u64 = 4096;

/// A change that a line asks for.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which account.
    pub account: String,
    /// What to do to it.
    pub command: AccountCommand,
}

/// Says why a line cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LineError {
    /// It is longer than any line has to be.
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    /// It is not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// It has too many fields, or too few.
    #[error("expected account,increase|decrease,amount; found {found} field{}", if *found == 1 { "" } else { "s" })]
    Fields {
        /// How many it has.
        found: usize,
    },
    /// It asks for something that cannot be done.
    #[error("expected increase or decrease; found `{}`", shortened(.0))]
    Command(String),
    /// The amount is none.
    #[error("expected an amount, a whole number from 1; found `{}`", shortened(.0))]
    Amount(String),
}

/// Gives the changes of a CSV file, with the number of their lines.
pub struct Lines<R> {
    input: R,
    number: u64,
    bytes: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Begins at the first line.
    pub fn new(input: R) -> Self {
        Self { input, number: 0, bytes: 0, line: Vec::new() }
    }

    /// How many bytes have been read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is neither blank nor the header: its number, and what it asks for.
    pub fn next(&mut self) -> io::Result<Option<(u64, Result<Change, LineError>)>> {
        while self.read_line()? {
            self.number += 1;
            if self.line.len() as u64 > LONGEST {
                return Ok(Some((self.number, Err(LineError::TooLong))));
            }
            let line = match self.number {
                1 => self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line),
                _ => &self.line,
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let fields = match fields(line) {
                Ok(fields) => fields,
                Err(error) => return Ok(Some((self.number, Err(error)))),
            };
            if self.number == 1 && is_header(&fields) {
                continue;
            }
            return Ok(Some((self.number, change(&fields))));
        }
        Ok(None)
    }

    /// Reads a line; of one that is too long no more than shows that it is. Gives whether there was one.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        // Room for the end of the line, which may be two bytes.
        let mut read = self.input.by_ref().take(LONGEST + 2).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            self.line.pop_if(|byte| *byte == b'\r');
        } else {
            read += self.input.skip_until(b'\n')?;
        }
        self.bytes += read as u64;
        Ok(true)
    }
}

fn fields(line: &[u8]) -> Result<csv::StringRecord, LineError> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).buffer_capacity(line.len()).from_reader(line);
    let mut fields = csv::StringRecord::new();
    // A line in memory is always read, so it is the text that is wrong.
    reader.read_record(&mut fields).map_err(|_| LineError::NotUtf8)?;
    Ok(fields)
}

fn is_header(fields: &csv::StringRecord) -> bool {
    let is = |index, name: &str| fields.get(index).is_some_and(|field: &str| field.eq_ignore_ascii_case(name));
    is(0, "account") && is(2, "amount")
}

fn change(fields: &csv::StringRecord) -> Result<Change, LineError> {
    let [account, command, amount] = fields.iter().collect::<Vec<_>>()[..] else {
        return Err(LineError::Fields { found: fields.len() });
    };
    let by = || match amount.parse() {
        Ok(0) | Err(_) => Err(LineError::Amount(amount.to_owned())),
        Ok(by) => Ok(by),
    };
    let command = match command {
        "increase" => Increase { by: by()? }.into(),
        "decrease" => Decrease { by: by()? }.into(),
        other => return Err(LineError::Command(other.to_owned())),
    };
    Ok(Change { account: account.to_owned(), command })
}

/// What a terminal can show of a text that may be anything.
fn shortened(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    let rest = if start.len() < text.len() { ".." } else { "" };
    format!("{}{rest}", start.escape_debug())
}
