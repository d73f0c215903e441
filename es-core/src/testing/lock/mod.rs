//! `assert_schema_lock`: whether the events of a program are still as a journal has them.

mod block;
mod compare;
mod difference;
mod file;
mod parse;
mod today;
mod update;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use self::compare::{both_empty, compare, new_types};
use self::difference::{Difference, Kind};
use self::file::LockFile;
use self::today::{EventToday, Today};
use self::update::Turn;
use super::decodes::{Aggregates, Visitor};
use super::golden;
use crate::aggregate::Aggregate;

#[doc(hidden)]
pub use self::file::lock_texts;
pub(super) use self::update::write_whole;

/// Checks that each event version which may be in a journal still has its shape: that the events of the aggregates
/// `D` are as the lock file at `path` has them, in depth, and that the golden samples beside it still read.
///
/// The path is relative to the package. The file belongs beside its `Cargo.toml`, under the name `events.lock`, where
/// the derives find it as well, and under version control. Samples, one of each version, are in `tests/golden` beside it.
///
/// - Where there is no file, it is made, with the shapes of today.
/// - With `UPDATE_LOCK=1` in the environment, event versions that are new are added. A version that is in the file
///   stays as it is.
/// - Several tests may share a file; each looks after its own aggregates.
///
/// ```no_run
/// # use es_core::prelude::*;
/// # #[derive(Command, Debug, Clone)]
/// # struct Open;
/// # #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
/// # struct Opened;
/// # #[derive(Aggregate, Default, Clone)]
/// # #[aggregate(commands(Open), events(Opened(ignored)), error = std::convert::Infallible)]
/// # struct Account {}
/// # impl Handle<Open> for Account {
/// #     fn handle(&self, _: Open, _: &Context) -> Decision<Self> { accept(Opened) }
/// # }
/// #[test]
/// fn the_schema_is_locked() {
///     es_core::testing::assert_schema_lock::<Account>("events.lock");
/// }
/// ```
///
/// # Panics
///
/// If a version is no longer as it is locked, with all differences and the attribute to write for each; if there are
/// versions that the file does not hold; if the file or a sample cannot be read.
#[track_caller]
pub fn assert_schema_lock<D: Aggregates>(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let update = std::env::var_os("UPDATE_LOCK").is_some_and(|value| !value.is_empty() && value != "0");
    let mut aggregates = Collected::default();
    D::visit(&mut aggregates);
    let Collected { shapes, samples } = aggregates;
    let mut notes = Vec::new();
    let mut turn = Turn::take();
    let checked = check(&shapes, path, update, &mut turn, &mut notes).and_then(|may_add| {
        let folder = path.with_file_name("tests").join("golden");
        golden::check(&samples, &folder, may_add, &mut notes).map_err(LockError::Samples)
    });
    // A test that fails under this lock would poison it for the others.
    drop(turn);
    for note in notes {
        eprintln!("{note}");
    }
    if let Err(error) = checked {
        panic!("{error}");
    }
}

/// What the checks need to know of the aggregates.
#[derive(Default)]
struct Collected {
    shapes: Vec<Today>,
    samples: Vec<golden::Samples>,
}

impl Visitor for Collected {
    fn visit<A: Aggregate>(&mut self) {
        self.shapes.push(Today::of::<A>());
        self.samples.push(golden::Samples::of::<A>());
    }
}

/// Why the lock does not hold.
#[derive(Debug)]
enum LockError {
    /// The file cannot be read or written.
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// The file does not say what it should.
    Malformed { path: PathBuf, line: usize, what: String },
    /// Aggregates have names that lead to the events of others, or to none.
    Names { path: PathBuf, wrong: Vec<String> },
    /// Locked versions are not as they were.
    Differs { path: PathBuf, differences: Vec<Difference> },
    /// There are versions that the file does not hold.
    Missing { path: PathBuf, new: Vec<String> },
    /// The golden samples do not hold.
    Samples(golden::GoldenError),
}

impl fmt::Display for LockError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { action, path, source } => {
                write!(f, "cannot {action} the schema lock `{}`: {source}", path.display())
            }
            Self::Malformed { path, line, what } => {
                write!(f, "the schema lock `{}` cannot be read, line {line}: {what}", path.display())
            }
            Self::Names { path, wrong } => {
                write!(f, "the names of aggregates are not as `{}` has them:", path.display())?;
                wrong.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
            }
            Self::Differs { path, differences } => write!(f, "{}", Report { path, differences }),
            Self::Missing { path, new } => write!(f, "{}", Missing { path, new }),
            Self::Samples(error) => fmt::Display::fmt(error, f),
        }
    }
}

struct Report<'a> {
    path: &'a Path,
    differences: &'a [Difference],
}

impl fmt::Display for Report<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, count) = (self.path.display(), self.differences.len());
        let noun = if count == 1 { "difference" } else { "differences" };
        writeln!(f, "the events are not as `{path}` has them, {count} {noun}:")?;
        for (at, difference) in self.differences.iter().enumerate() {
            writeln!(f, "\n{}. {difference}", at + 1)?;
        }
        write!(
            f,
            "\na version that never was in a journal may change: delete its block from the file and its sample from \
             `tests/golden`, and run `UPDATE_LOCK=1 cargo test`"
        )
    }
}

struct Missing<'a> {
    path: &'a Path,
    new: &'a [String],
}

impl fmt::Display for Missing<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}` does not hold what is new in the program:", self.path.display())?;
        self.new.iter().try_for_each(|new| writeln!(f, "  {new}"))?;
        write!(f, "run `UPDATE_LOCK=1 cargo test` to add it, and commit the file")
    }
}

/// Compares `aggregates` with the file at `path`, and adds to it what is new, if it may.
/// Gives whether it may.
#[inline]
fn check(
    aggregates: &[Today],
    path: &Path,
    update: bool,
    turn: &mut Turn,
    notes: &mut Vec<String>,
) -> Result<bool, LockError> {
    let found = LockFile::read(path)?;
    let is_new = found.is_none();
    let may_add = update || is_new || turn.made(path);
    let mut file = found.unwrap_or_else(LockFile::new);
    let wrong = wrong_names(&file, aggregates);
    if !wrong.is_empty() {
        return Err(LockError::Names { path: path.to_owned(), wrong });
    }
    let differences = Difference::joined(aggregates.iter().flat_map(|today| differences(&file, today)).collect());
    if !differences.is_empty() {
        return Err(LockError::Differs { path: path.to_owned(), differences });
    }
    let new: Vec<String> = aggregates.iter().flat_map(|today| add_new(&mut file, today)).collect();
    if new.is_empty() && !is_new {
        return Ok(may_add);
    }
    if !may_add {
        return Err(LockError::Missing { path: path.to_owned(), new });
    }
    file.sort();
    write_whole(path, &file.to_string()).map_err(|source| LockError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })?;
    if is_new {
        turn.set_made(path);
        notes.push(format!("made the schema lock `{}`: commit it", path.display()));
    } else {
        notes.extend(new.iter().map(|new| format!("added to `{}`: {new}", path.display())));
    }
    Ok(may_add)
}

/// What is wrong with the names that aggregates have today.
#[inline]
fn wrong_names(file: &LockFile, aggregates: &[Today]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, today) in aggregates.iter().enumerate() {
        let (name, path) = (today.aggregate, today.path);
        if let Some(other) = aggregates[..index].iter().find(|other| other.aggregate == name && other.path != path) {
            wrong.push(format!(
                "`{}` and `{path}` are both `{name}` in the journal, so that they have the same streams; give one of them \
                 another `name`",
                other.path
            ));
        }
        let is_of_today = |locked: &str| aggregates.iter().any(|today| today.aggregate == locked);
        if let Some(locked) = file.aggregate_of(path).filter(|locked| *locked != name && !is_of_today(locked)) {
            wrong.push(format!(
                "`{path}` was `{locked}` and is `{name}`, so that nothing is read that was recorded as `{locked}`; give it \
                 `name = \"{locked}\"`, or if no journal holds any of it, delete `{locked}` and its events from the file"
            ));
        }
    }
    wrong
}

/// How the locked versions of an aggregate differ from those of today.
#[inline]
fn differences(file: &LockFile, today: &Today) -> Vec<Difference> {
    let mut differences = Vec::new();
    for locked in file.blocks().filter(|locked| locked.key.aggregate == today.aggregate) {
        let mut add = |kind| {
            let (aggregate, event) = (locked.key.aggregate.clone(), locked.key.event.clone());
            differences.push(Difference { aggregate, event, versions: vec![locked.key.version], kind });
        };
        let Some(EventToday { model, versions }) =
            today.events.iter().find(|event| event.model.has_name(&locked.key.event))
        else {
            add(Kind::Gone);
            continue;
        };
        match versions.iter().find(|version| version.key.version == locked.key.version) {
            // An older version without fields reads with braces and without.
            Some(now) if now.key.version < model.version && both_empty(locked, now) => {}
            Some(now) => compare(locked, now, today.positional).into_iter().for_each(|change| {
                add(Kind::Changed { change, type_name: model.type_name, newest: model.version });
            }),
            None if versions.is_empty() => add(Kind::Shapeless { type_name: model.type_name }),
            None => add(Kind::Unread { oldest: model.oldest, newest: model.version }),
        }
    }
    let shapeless = today.events.iter().filter(|event| event.versions.is_empty());
    differences.extend(shapeless.map(|event| Difference {
        aggregate: today.aggregate.to_owned(),
        event: event.model.name.to_owned(),
        versions: Vec::new(),
        kind: Kind::Shapeless { type_name: event.model.type_name },
    }));
    differences
}

/// Adds what is new in an aggregate, and says what it is.
#[inline]
fn add_new(file: &mut LockFile, today: &Today) -> Vec<String> {
    let mut added = Vec::new();
    let (aggregate, path) = (today.aggregate, today.path);
    match file.set_aggregate(aggregate, path) {
        Some(before) if before == path => {}
        Some(before) => added.push(format!("aggregate `{aggregate}` was `{before}` and is `{path}`")),
        None => added.push(format!("aggregate `{aggregate}`, which is `{path}`")),
    }
    for block in today.events.iter().flat_map(|event| &event.versions) {
        let key = &block.key;
        let Some(locked) = file.get(key) else {
            added.push(format!("event `{}` version {} of `{}`", key.event, key.version, key.aggregate));
            file.add(block.clone());
            continue;
        };
        let types: Vec<_> = new_types(locked, block).cloned().collect();
        for (name, layout) in types {
            added.push(format!(
                "the shape of type `{name}` in event `{}` version {} of `{}`",
                key.event, key.version, key.aggregate
            ));
            file.add_type(key, name, layout);
        }
    }
    added
}
