//! The lock file: its blocks, and the text that they stand in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::block::{Block, Key, Layout};
use super::parse::{self, Fault, fault};

const HEAD: &str = "\
# The shape of each event version that may be in a journal. Commit this file.
# It is checked when the crate compiles, and by `es_core::testing::assert_schema_lock`;
# `UPDATE_LOCK=1 cargo test` adds what is new. A block that is here is never changed: an
# event that changes gets a new version.
";

/// The head of the block that has the types of the aggregates.
const AGGREGATES: &str = "aggregates";

/// What the file holds. What is not touched is written back as it was.
#[derive(Debug)]
pub(super) struct LockFile {
    head: String,
    /// The type of each aggregate, by the aggregate's name.
    aggregates: BTreeMap<String, String>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    block: Block,
    /// The block as it stands in the file, with the comments in and above it.
    text: String,
}

impl LockFile {
    /// A file without blocks.
    #[inline]
    pub(super) fn new() -> Self {
        Self { head: HEAD.to_owned(), aggregates: BTreeMap::new(), entries: Vec::new() }
    }

    /// Reads the text of a file.
    #[inline]
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<(usize, &str)> = text.lines().zip(1..).map(|(text, line)| (line, text.trim_end())).collect();
        if let Some((line, _)) = lines.iter().find(|(_, text)| is_conflict_mark(text)) {
            let what = "a merge left a conflict here: keep the blocks of both sides, \
                        and where one block differs the one that a journal may hold";
            return Err(fault(*line, what));
        }
        let mut head = String::new();
        let mut aggregates = None;
        let mut entries: Vec<(usize, Entry)> = Vec::new();
        let mut comments = String::new();
        for chunk in lines.split(|(_, text)| text.is_empty()).filter(|chunk| !chunk.is_empty()) {
            let (notes, content): (Vec<_>, Vec<_>) = chunk.iter().copied().partition(|(_, text)| is_comment(text));
            let Some(&(line, first)) = content.first() else {
                // A comment of its own belongs to what follows it; the first one, to the file.
                if head.is_empty() && entries.is_empty() {
                    head = text_of(&notes);
                } else {
                    comments.extend([&text_of(&notes), "\n"]);
                }
                continue;
            };
            if first == AGGREGATES {
                if aggregates.is_some() {
                    return Err(fault(line, format!("`{AGGREGATES}` is here twice")));
                }
                aggregates = Some(parse::aggregates(&content)?);
                // This block is written anew each time, and what is said of it goes with the next one.
                comments.push_str(&text_of(&notes));
                continue;
            }
            let block = parse::block(&content)?;
            if let Some((first, _)) = entries.iter().find(|(_, entry)| entry.block.key == block.key) {
                return Err(fault(line, format!("`{}` is here twice: line {first} has it already", block.key)));
            }
            let text = std::mem::take(&mut comments) + &text_of(chunk);
            entries.push((line, Entry { block, text }));
        }
        let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        if !comments.is_empty() {
            match entries.last_mut() {
                Some(last) => last.text.extend(["\n", comments.trim_end(), "\n"]),
                None if head.is_empty() => head.extend([comments.trim_end(), "\n"]),
                None => head.extend(["\n", comments.trim_end(), "\n"]),
            }
        }
        Ok(Self { head, aggregates: aggregates.unwrap_or_default(), entries })
    }

    /// The block of an event version.
    #[inline]
    pub(super) fn get(&self, key: &Key) -> Option<&Block> {
        self.blocks().find(|block| block.key == *key)
    }

    /// All blocks.
    #[inline]
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.entries.iter().map(|entry| &entry.block)
    }

    /// The name under which the file has the aggregate of a type, if it has it under one.
    #[inline]
    pub(super) fn aggregate_of(&self, path: &str) -> Option<&str> {
        let mut names = self.aggregates.iter().filter(|(_, of)| *of == path).map(|(name, _)| name.as_str());
        names.next().filter(|_| names.next().is_none())
    }

    /// Notes down the type of an aggregate, and gives the one that was there.
    #[inline]
    pub(super) fn set_aggregate(&mut self, name: &str, path: &str) -> Option<String> {
        self.aggregates.insert(name.to_owned(), path.to_owned())
    }

    /// Adds a block.
    #[inline]
    pub(super) fn add(&mut self, block: Block) {
        let entry = Entry { text: block.to_string(), block };
        let at = self.entries.partition_point(|other| other.block.key < entry.block.key);
        self.entries.insert(at, entry);
    }

    /// Adds a type to a block that does not know it yet.
    #[inline]
    pub(super) fn add_type(&mut self, key: &Key, name: String, layout: Layout) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.block.key == *key) {
            entry.text.push_str(&Block::type_lines(&name, &layout));
            entry.block.types.push((name, layout));
        }
    }

    /// Sorts the blocks.
    #[inline]
    pub(super) fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.block.key.cmp(&b.block.key));
    }

    /// Reads the file at `path`, `None` if there is none.
    #[inline]
    pub(super) fn read(path: &Path) -> Result<Option<Self>, super::LockError> {
        use super::LockError;
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LockError::File { action: "read", path: path.to_owned(), source }),
        };
        Self::parse(&text).map(Some).map_err(|Fault { line, what }| LockError::Malformed {
            path: path.to_owned(),
            line,
            what,
        })
    }
}

/// The text of the file.
impl fmt::Display for LockFile {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.head.is_empty() {
            writeln!(f, "{}", self.head)?;
        }
        writeln!(f, "{AGGREGATES}")?;
        self.aggregates.iter().try_for_each(|(name, path)| writeln!(f, "  {name}: {path}"))?;
        self.entries.iter().try_for_each(|entry| write!(f, "\n{}", entry.text))
    }
}

/// Reads the text of a file, and gives it as it would be written, with its blocks as they are and as they are understood: for
/// fuzzing.
///
/// # Errors
///
/// What is wrong with which line.
#[doc(hidden)]
#[inline]
pub fn lock_texts(text: &str) -> Result<[String; 2], String> {
    let file = LockFile::parse(text).map_err(|Fault { line, what }| format!("line {line}: {what}"))?;
    let blocks: Vec<String> = file.blocks().map(ToString::to_string).collect();
    Ok([file.to_string(), blocks.join("\n")])
}

#[inline]
fn text_of(lines: &[(usize, &str)]) -> String {
    lines.iter().flat_map(|(_, text)| [text, "\n"]).collect()
}

#[inline]
fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

#[inline]
fn is_conflict_mark(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].into_iter().any(|mark| line.starts_with(mark))
}
