//! `JsonLines`: a publisher that writes each message as a line.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{OutboxMessage, PublishError, Publisher};

/// How each line begins, by which one that is torn is known.
const START: &[u8] = b"{\"specversion\":\"1.0\",\"id\":\"";
/// How much is read at once from the end of a file.
const CHUNK: u64 = 64 * 1024;

/// Writes each message as a line of JSON: at the end of a file, or to standard output.
///
/// ```no_run
/// # use es_core::prelude::*;
/// let to_a_file = JsonLines::file("news.jsonl");
/// let to_the_terminal = JsonLines::stdout();
/// ```
///
/// A file is this publisher's alone while it is in use; who reads it may do so at any time. A line that was torn by a crash is cut
/// off before the next one is written: its message was not noted as sent, and comes again.
pub struct JsonLines {
    /// What is not written yet.
    lines: Mutex<Vec<u8>>,
    to: Arc<Mutex<To>>,
    name: Arc<str>,
}

/// When a file is known to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// Before its messages are noted as sent: a power cut loses none.
    #[default]
    Always,
    /// When the system likes: a power cut can lose messages that were noted as sent, a crash of the program cannot.
    Never,
}

/// Where lines go.
enum To {
    File(Lines),
    Writer(Stream),
}

/// A file of lines.
struct Lines {
    path: PathBuf,
    sync: SyncPolicy,
    /// The file, while nothing has gone wrong with it.
    file: Option<File>,
}

/// What takes bytes, and gives none back.
struct Stream {
    writer: Box<dyn Write + Send>,
    /// Whether it may have been given a part of a line.
    torn: bool,
}

impl JsonLines {
    /// Writes to the end of the file at `path`, which is created where there is none when the first message is written.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = format!("`{}`", path.display()).into();
        Self::new(To::File(Lines { path, sync: SyncPolicy::Always, file: None }), name)
    }

    /// Says when a file is on the disk; before its messages are noted as sent, unless this is called.
    pub fn sync(self, sync: SyncPolicy) -> Self {
        if let To::File(lines) = &mut *self.to.lock().unwrap_or_else(PoisonError::into_inner) {
            lines.sync = sync;
        }
        self
    }

    /// Writes to standard output.
    pub fn stdout() -> Self {
        Self { name: "standard output".into(), ..Self::writer(io::stdout()) }
    }

    /// Writes to anything that takes bytes. It is flushed before messages are noted as sent.
    ///
    /// After a write that failed a line break is written first: a line that was torn stands alone, and an empty line may come.
    pub fn writer(writer: impl Write + Send + 'static) -> Self {
        Self::new(To::Writer(Stream { writer: Box::new(writer), torn: false }), "a writer".into())
    }

    fn new(to: To, name: Arc<str>) -> Self {
        Self { lines: Mutex::default(), to: Arc::new(Mutex::new(to)), name }
    }

    fn failed(&self, source: &io::Error) -> PublishError {
        let what = format!("cannot write to {}: {source}", self.name);
        match source.kind() {
            // Nothing is wrong with the message.
            io::ErrorKind::InvalidData => PublishError::failed(what),
            _ => PublishError::unavailable(what),
        }
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("to", &self.name).finish_non_exhaustive()
    }
}

impl Publisher for JsonLines {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(message.json.as_bytes());
        lines.push(b'\n');
        Ok(())
    }

    async fn flush(&self) -> Result<(), PublishError> {
        let to = Arc::clone(&self.to);
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let written = tokio::task::spawn_blocking(move || {
            let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *to {
                To::File(file) => file.write(&lines),
                To::Writer(stream) => stream.write(&lines),
            }
        });
        match written.await {
            Ok(written) => written.map_err(|error| self.failed(&error)),
            Err(ended) => Err(PublishError::failed(ended)),
        }
    }
}

impl Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        // After an error it is not known what is in the file: it is opened, and looked at, again.
        let mut file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path, self.sync)?,
        };
        file.write_all(lines)?;
        if self.sync == SyncPolicy::Always {
            file.sync_data()?;
        }
        self.file = Some(file);
        Ok(())
    }
}

impl Stream {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.writer.write_all(b"\n")?;
        }
        self.torn = true;
        self.writer.write_all(lines)?;
        self.writer.flush()?;
        self.torn = false;
        Ok(())
    }
}

/// Opens a file for lines at its end, and cuts off one that was torn.
fn open(path: &Path, sync: SyncPolicy) -> io::Result<File> {
    let is_new = !path.try_exists()?;
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "another program is writing to it"),
        TryLockError::Error(error) => error,
    })?;
    let length = file.seek(SeekFrom::End(0))?;
    let whole = after_last_line(&mut file, length)?;
    if whole < length {
        check_torn(&mut file, whole, length)?;
        log::warn!("a torn line of {} bytes was cut off `{}`", length - whole, path.display());
        file.set_len(whole)?;
    }
    file.seek(SeekFrom::Start(whole))?;
    if sync == SyncPolicy::Always && is_new {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name of a new file is in its folder. Where folders cannot be synchronised, as on Windows, it need not be.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all()?;
        }
    }
    Ok(file)
}

/// Where the last line ends that ends.
fn after_last_line(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut bytes = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        read(file, start, end, &mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Checks that what is to be cut off was written by this publisher, or is the nothing that a power cut leaves.
fn check_torn(file: &mut File, from: u64, to: u64) -> io::Result<()> {
    let mut bytes = Vec::new();
    read(file, from, to.min(from + START.len() as u64), &mut bytes)?;
    let ours = bytes.iter().zip(START).all(|(byte, expected)| byte == expected || *byte == 0);
    if ours {
        return Ok(());
    }
    let what =
        "its last line has no end, and is not a public event; end it with a line break, or write to another file";
    Err(io::Error::new(io::ErrorKind::InvalidData, what))
}

fn read(file: &mut File, from: u64, to: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    file.seek(SeekFrom::Start(from))?;
    file.take(to - from).read_to_end(bytes)?;
    Ok(())
}
