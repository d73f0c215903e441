//! `Log`: the lines of an event log, plain or compressed by gzip.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use es_core::prelude::*;
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::line::{self, COLUMNS, Line, LineError};

/// The longest line, in bytes: no log needs more memory than another.
pub const LONGEST: usize = 4096;

/// The log that the program has in itself, for those who have none.
const SAMPLE: &[u8] = include_bytes!("sample.csv");

/// Where a log is.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// In the program.
    Sample,
}

/// A log that is read line by line.
pub struct Log {
    input: Box<dyn BufRead>,
    name: String,
    line: Vec<u8>,
    number: u64,
    id: CausationId,
}

/// A line with its place in the log.
pub struct Numbered {
    /// Its number; the header is line 1.
    pub number: u64,
    /// Stands for the line and all before it, so that a log that is another one is noticed.
    pub id: CausationId,
    /// What it says.
    pub line: Result<Line, LineError>,
}

impl Source {
    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Sample => "the sample".to_owned(),
        }
    }

    /// How many bytes there are to read; 0 where that is not known.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Self::Sample => SAMPLE.len() as u64,
        }
    }

    /// Opens it, and reads the header; `bar` shows how much is read.
    pub fn open(&self, bar: &ProgressBar) -> Result<Log, BoxError> {
        let input: Box<dyn BufRead> = match self {
            Self::File(path) => {
                open_file(path, bar).map_err(|error| format!("cannot read {}: {error}", self.name()))?
            }
            Self::Sample => Box::new(BufReader::new(bar.wrap_read(SAMPLE))),
        };
        let start = CommandId::from_name("log");
        let mut log = Log { input, name: self.name(), line: Vec::new(), number: 0, id: start.into() };
        log.read_header()?;
        Ok(log)
    }
}

fn open_file(path: &Path, bar: &ProgressBar) -> std::io::Result<Box<dyn BufRead>> {
    let mut input = BufReader::with_capacity(64 * 1024, bar.wrap_read(File::open(path)?));
    // What it is says its content, not its name.
    if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(input))));
    }
    Ok(Box::new(input))
}

impl Log {
    fn read_header(&mut self) -> Result<(), BoxError> {
        let found = self.read_line()?;
        let header = self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line);
        let fields = line::fields(header).unwrap_or_default();
        if found && fields.iter().eq(COLUMNS) {
            return Ok(());
        }
        let shown = line::shortened(&String::from_utf8_lossy(header));
        let what = if found { format!("begins with `{shown}`") } else { "is empty".to_owned() };
        Err(format!("{} is no event log: it {what}, and not with the header {}", self.name, COLUMNS.join(",")).into())
    }

    /// The next line that is not blank; `None` when there are no more.
    pub fn next(&mut self) -> Result<Option<Numbered>, BoxError> {
        while self.read_line()? {
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let line = if self.line.len() > LONGEST { Err(LineError::TooLong) } else { line::read(&self.line) };
            return Ok(Some(Numbered { number: self.number, id: self.id, line }));
        }
        Ok(None)
    }

    /// Reads a line; of one that is too long no more than shows that it is. Gives whether there was one.
    fn read_line(&mut self) -> Result<bool, BoxError> {
        self.line.clear();
        let number = self.number + 1;
        let name = &self.name;
        let failed = |error: std::io::Error| format!("cannot read line {number} of {name}: {error}");
        // Room for the end of the line, which may be two bytes.
        let read = self.input.by_ref().take(LONGEST as u64 + 2).read_until(b'\n', &mut self.line).map_err(failed)?;
        if read == 0 {
            return Ok(false);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            self.line.pop_if(|byte| *byte == b'\r');
        } else {
            self.input.skip_until(b'\n').map_err(failed)?;
        }
        self.number = number;
        self.id = CommandId::from_name(&format!("{} {}", self.id, String::from_utf8_lossy(&self.line))).into();
        Ok(true)
    }
}
