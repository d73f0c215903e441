//! `events.lock`, as far as constants compare it: the fields of each event version of one aggregate.
//!
//! `es_core::testing::assert_schema_lock` writes the file and reads all of it.

use crate::lock_file;

/// What the file has of an aggregate.
pub(crate) struct Locked {
    /// The file, so that a change of it compiles the aggregate again.
    pub(crate) file: String,
    /// The path of the aggregate's type.
    pub(crate) path: String,
    pub(crate) versions: Vec<LockedVersion>,
}

/// An event version.
pub(crate) struct LockedVersion {
    pub(crate) event: String,
    pub(crate) version: u32,
    pub(crate) serde: String,
    pub(crate) fields: Vec<Field>,
}

/// A field, or a variant, which has no type.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) serde: String,
}

/// Reads what the file of the package has of the aggregate `name`; `None` if there is no file.
pub(crate) fn read(name: &str) -> Result<Option<Locked>, String> {
    let Some(file) = lock_file::path() else { return Ok(None) };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read the schema lock `{}`: {error}", file.display())),
    };
    let file = file.display().to_string();
    let (path, mut versions) = parse(&text, name)
        .map_err(|(line, what)| format!("the schema lock `{file}` cannot be read, line {line}: {what}"))?;
    versions.sort_by(|a, b| (&a.event, a.version).cmp(&(&b.event, b.version)));
    Ok(Some(Locked { file, path, versions }))
}

fn parse(text: &str, name: &str) -> Result<(String, Vec<LockedVersion>), (usize, &'static str)> {
    let (mut path, mut versions) = (String::new(), Vec::new());
    // The block that a line belongs to: one that is of no interest, the types of the aggregates, or a version.
    let mut block = Block::Other;
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let text = text.trim_end();
        if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| text.starts_with(mark)) {
            return Err((line, "a merge left a conflict here: keep the blocks of both sides"));
        }
        if text.is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let content = text.trim_start_matches(' ');
        match (text.len() - content.len(), &block) {
            (0, _) => {
                block = if text == "aggregates" {
                    Block::Aggregates
                } else {
                    let (aggregate, version) =
                        head(text).ok_or((line, "a block begins `aggregate event version 1`"))?;
                    if aggregate == name {
                        versions.push(version);
                        Block::Version
                    } else {
                        Block::Other
                    }
                };
            }
            (2, Block::Aggregates) => {
                let (aggregate, of) = content.split_once(": ").ok_or((line, "an aggregate is written `name: Type`"))?;
                if aggregate == name {
                    of.clone_into(&mut path);
                }
            }
            (2, Block::Version) if !content.starts_with("type ") => {
                if let Some(version) = versions.last_mut() {
                    version.fields.push(field(content));
                }
            }
            (indent, _) if indent % 2 == 0 && !content.starts_with('\t') => {}
            _ => return Err((line, "a line is indented by two spaces a step")),
        }
    }
    Ok((path, versions))
}

enum Block {
    Other,
    Aggregates,
    Version,
}

fn head(text: &str) -> Option<(&str, LockedVersion)> {
    let (text, serde) = serde(text);
    let text = [" {}", " ()", " enum"].iter().find_map(|mark| text.strip_suffix(mark)).unwrap_or(text);
    let (names, version) = text.rsplit_once(" version ")?;
    let (aggregate, event) = names.split_once(' ')?;
    let (event, serde) = (event.to_owned(), serde.to_owned());
    Some((aggregate, LockedVersion { event, version: version.parse().ok()?, serde, fields: Vec::new() }))
}

fn field(text: &str) -> Field {
    let (text, serde) = serde(text);
    let text = [" {}", " ()", " enum"].iter().find_map(|mark| text.strip_suffix(mark)).unwrap_or(text);
    let (name, ty) = text.split_once(": ").unwrap_or((text, ""));
    Field { name: name.to_owned(), ty: ty.to_owned(), serde: serde.to_owned() }
}

/// A line and the serde attributes at its end.
fn serde(text: &str) -> (&str, &str) {
    text.split_once(" #[").map_or((text, ""), |(before, _)| (before, text[before.len()..].trim()))
}
