//! Golden samples: one event of each version, and what it became, in files that stay as they are.

mod deserializer;
mod file;
mod sample;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use self::file::{Golden, Written};
use self::sample::Sample;
use super::lock::write_whole;
use crate::aggregate::Aggregate;
use crate::codec::{Codec as _, Json, Payload, PayloadError};
use crate::evolution::DecodeError;

/// The samples of one aggregate: how they are made and checked.
pub(super) struct Samples {
    aggregate: &'static str,
    /// Each event version that the program reads: where `decode_event` has the event, its name, the version.
    versions: Vec<(usize, &'static str, u32)>,
    make: fn(index: usize, event: &str, version: u32) -> Result<Golden, String>,
    complete: fn(Golden) -> Result<Golden, String>,
    check: fn(&Golden) -> Result<(), String>,
}

impl Samples {
    /// The samples of `A`.
    pub(super) fn of<A: Aggregate>() -> Self {
        let events = A::MODEL.recorded_events().enumerate();
        let versions = events
            .flat_map(|(index, event)| (event.oldest..=event.version).map(move |version| (index, event.name, version)));
        Self {
            aggregate: A::NAME,
            versions: versions.collect(),
            make: make::<A>,
            complete: complete::<A>,
            check: check_one::<A>,
        }
    }
}

/// Why the samples do not hold.
#[derive(Debug)]
pub(super) struct GoldenError(Vec<(PathBuf, Fault)>);

#[derive(Debug)]
enum Fault {
    /// The file cannot be read or written.
    File(io::Error),
    /// The file holds something else, or its sample does not read as it did.
    Sample(String),
    /// The file is not there.
    Missing,
    /// The file does not say what its sample became.
    Incomplete,
}

impl fmt::Display for GoldenError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the golden samples do not hold:")?;
        for (path, fault) in &self.0 {
            write!(f, "\n  `{}`: ", path.display())?;
            match fault {
                Fault::File(error) => write!(f, "{error}"),
                Fault::Sample(why) => f.write_str(why),
                Fault::Missing => {
                    f.write_str("it is not there; run `UPDATE_LOCK=1 cargo test` to add it, and commit it")
                }
                Fault::Incomplete => f.write_str(
                    "it does not say what the event `became`; run `UPDATE_LOCK=1 cargo test` to add it, and commit it",
                ),
            }?;
        }
        Ok(())
    }
}

impl std::error::Error for GoldenError {}

/// Checks that each sample in `folder` reads as it did when it was written, and that there is one of each version.
/// Adds those that are missing, if it may; what it does is added to `notes`.
#[inline]
pub(super) fn check(
    aggregates: &[Samples],
    folder: &Path,
    may_add: bool,
    notes: &mut Vec<String>,
) -> Result<(), GoldenError> {
    let mut faults = Vec::new();
    for samples in aggregates {
        let folder = folder.join(samples.aggregate);
        let found = match file::list(&folder) {
            Ok(found) => found,
            Err(error) => {
                faults.push((folder, Fault::File(error)));
                continue;
            }
        };
        for path in &found {
            if let Err(fault) = check_file(samples, path, may_add, notes) {
                faults.push((path.clone(), fault));
            }
        }
        for &(index, event, version) in &samples.versions {
            let path = folder.join(file::name(event, version));
            if found.contains(&path) {
                continue;
            }
            match (samples.make)(index, event, version) {
                Err(why) => notes.push(format!(
                    "no golden sample of event `{event}` version {version} of `{}` could be made up ({why}); \
                     write one by hand: `{}`",
                    samples.aggregate,
                    path.display()
                )),
                Ok(_) if !may_add => faults.push((path, Fault::Missing)),
                Ok(golden) => match write_whole(&path, &golden.text()) {
                    Ok(()) => notes.push(format!("made the golden sample `{}`: commit it", path.display())),
                    Err(error) => faults.push((path, Fault::File(error))),
                },
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(GoldenError(faults)) }
}

#[inline]
fn check_file(samples: &Samples, path: &Path, may_add: bool, notes: &mut Vec<String>) -> Result<(), Fault> {
    let golden = Golden::read(path).map_err(Fault::File)?.map_err(Fault::Sample)?;
    if golden.became.is_some() {
        return (samples.check)(&golden).map_err(Fault::Sample);
    }
    if !may_add {
        return Err(Fault::Incomplete);
    }
    let golden = (samples.complete)(golden).map_err(Fault::Sample)?;
    write_whole(path, &golden.text()).map_err(Fault::File)?;
    notes.push(format!("added to the golden sample `{}` what it became: commit it", path.display()));
    Ok(())
}

/// Makes up a sample of an event version, and what it becomes.
fn make<A: Aggregate>(index: usize, event: &str, version: u32) -> Result<Golden, String> {
    let payload = Payload { format: sample::Samples::FORMAT, bytes: b"" };
    let made = match A::decode_event_by::<sample::Samples>(index, version, &payload) {
        Err(DecodeError::Payload { source: PayloadError::Content { source, .. }, .. }) => {
            source.downcast_ref::<Sample>().cloned()
        }
        _ => None,
    };
    match made {
        Some(Sample(made)) => complete::<A>(Golden { event: event.to_owned(), version, payload: made?, became: None }),
        None => Err("its `decode` does not read the payload by the codec".to_owned()),
    }
}

/// Adds what the sample becomes today.
fn complete<A: Aggregate>(mut golden: Golden) -> Result<Golden, String> {
    let mut became = Vec::new();
    for event in read::<A>(&golden.event, golden.version, Json::FORMAT, &golden.bytes()?)? {
        let mut bytes = Vec::new();
        let kind = A::encode_event(&event, &mut bytes).map_err(|error| error.to_string())?;
        became.push(Written::new(kind, A::Codec::FORMAT, &bytes)?);
    }
    golden.became = Some(became);
    check_one::<A>(&golden).map(|()| golden)
}

/// Checks that a sample, and what it became when it was written, are the same today.
fn check_one<A: Aggregate>(golden: &Golden) -> Result<(), String> {
    let is = read::<A>(&golden.event, golden.version, Json::FORMAT, &golden.bytes()?)?;
    let mut was = Vec::new();
    for written in golden.became.iter().flatten() {
        let (format, bytes) = written.payload()?;
        was.extend(read::<A>(&written.event, written.version, &format, &bytes)?);
    }
    if was == is {
        return Ok(());
    }
    Err(format!("what it became is not what it becomes now:\n{}", super::diff::diff(&was, &is)))
}

fn read<A: Aggregate>(event: &str, version: u32, format: &str, bytes: &[u8]) -> Result<Vec<A::Event>, String> {
    A::resolve(event)
        .and_then(|index| A::decode_event(index, version, &Payload { format, bytes }))
        .map(crate::Events::into_vec)
        .map_err(|error| error.to_string())
}
