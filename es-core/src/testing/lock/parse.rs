//! The text of a block, read.

use std::collections::BTreeMap;

use super::block::{Block, Content, Field, Key, Layout, Variant};

/// What is wrong with a line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) what: String,
}

/// A line, and the lines below it that are indented more.
struct Node<'a> {
    line: usize,
    text: &'a str,
    /// The serde attributes at the end of the line.
    serde: &'a str,
    children: Vec<Node<'a>>,
}

/// Reads a block; the lines come with their numbers, without comments and empty lines.
#[inline]
pub(super) fn block(lines: &[(usize, &str)]) -> Result<Block, Fault> {
    let mut rest = lines;
    let root = nodes(&mut rest, 0)?.into_iter().next();
    if let Some(&(line, _)) = rest.first() {
        return Err(fault(line, "a block is one line that is not indented, and its fields below"));
    }
    let Some(mut root) = root else { return Err(fault(0, "a block without lines")) };
    let (types, content) = std::mem::take(&mut root.children).into_iter().partition(|node| node.text.starts_with(TYPE));
    root.children = content;
    let types: Vec<Node<'_>> = types;
    let (head, layout) = layout(root)?;
    Ok(Block {
        key: key(head.line, head.text)?,
        layout,
        types: types.into_iter().map(named_type).collect::<Result<_, _>>()?,
    })
}

/// Reads the types of the aggregates: the lines of a block, each a name and a path.
#[inline]
pub(super) fn aggregates(lines: &[(usize, &str)]) -> Result<BTreeMap<String, String>, Fault> {
    let mut aggregates = BTreeMap::new();
    for &(line, text) in lines.iter().skip(1) {
        let (name, path) = text.strip_prefix("  ").and_then(|text| text.split_once(": ")).ok_or_else(|| {
            fault(line, "an aggregate is written as its name and its type, `  account: bank::Account`")
        })?;
        if aggregates.insert(name.to_owned(), path.to_owned()).is_some() {
            return Err(fault(
                line,
                format!("aggregate `{name}` is here twice: the name in the journal is one type's"),
            ));
        }
    }
    Ok(aggregates)
}

const TYPE: &str = "type ";

#[inline]
fn key(line: usize, text: &str) -> Result<Key, Fault> {
    let parts = || {
        let (names, version) = text.rsplit_once(" version ")?;
        let (aggregate, event) = names.split_once(' ')?;
        let version = version.parse().ok()?;
        // As names of aggregates are: what is none, a stray mark at the beginning of a line, is no block.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if aggregate.is_empty() || !aggregate.bytes().all(is_name) {
            return None;
        }
        Some(Key { aggregate: aggregate.to_owned(), event: event.to_owned(), version })
    };
    parts().ok_or_else(|| fault(line, format!("`{text}` is not the head of a block, `aggregate event version 1`")))
}

#[inline]
fn named_type(node: Node<'_>) -> Result<(String, Layout), Fault> {
    let (head, layout) = layout(node)?;
    Ok((head.text.trim_start_matches(TYPE).to_owned(), layout))
}

/// What stands in front of a layout.
struct Head<'a> {
    line: usize,
    text: &'a str,
}

#[inline]
fn layout(node: Node<'_>) -> Result<(Head<'_>, Layout), Fault> {
    let Node { line, text, serde, children } = node;
    let empty = [
        (" {}", Content::Named(Vec::new())),
        (" ()", Content::Tuple(Vec::new())),
        (" enum", Content::Enum(Vec::new())),
    ];
    let marked = empty.into_iter().find_map(|(mark, content)| Some((text.strip_suffix(mark)?, content)));
    let (text, content) = match marked {
        Some((_, _)) if !children.is_empty() => {
            return Err(fault(line, format!("`{text}` says that it is empty, but there are lines below it")));
        }
        Some(marked) => marked,
        None => (text, content(children)?),
    };
    Ok((Head { line, text }, Layout { serde: serde.to_owned(), content }))
}

#[inline]
fn content(nodes: Vec<Node<'_>>) -> Result<Content, Fault> {
    let Some(first) = nodes.first() else { return Ok(Content::Unit) };
    let is_field = |node: &Node<'_>| node.text.contains(": ");
    if let Some(odd) = nodes.iter().find(|node| is_field(node) != is_field(first)) {
        let what = format!("`{}` stands among {}", odd.text, if is_field(first) { "fields" } else { "variants" });
        return Err(fault(odd.line, what));
    }
    if !is_field(first) {
        return nodes.into_iter().map(variant).collect::<Result<_, _>>().map(Content::Enum);
    }
    let is_tuple = first.text.starts_with(|first: char| first.is_ascii_digit());
    let fields = nodes.into_iter().map(field).collect::<Result<_, _>>()?;
    Ok(if is_tuple { Content::Tuple(fields) } else { Content::Named(fields) })
}

#[inline]
fn variant(node: Node<'_>) -> Result<Variant, Fault> {
    let (head, layout) = layout(node)?;
    if head.text.contains(' ') {
        return Err(fault(head.line, format!("`{}` is neither a field, `name: Type`, nor a variant", head.text)));
    }
    Ok(Variant { name: head.text.to_owned(), layout })
}

#[inline]
fn field(node: Node<'_>) -> Result<Field, Fault> {
    if let Some(child) = node.children.first() {
        return Err(fault(child.line, format!("nothing stands below a field, but `{}` does", child.text)));
    }
    let (name, ty) = node.text.split_once(": ").unwrap_or((node.text, ""));
    Ok(Field { name: name.to_owned(), ty: ty.to_owned(), serde: node.serde.to_owned() })
}

/// Takes the lines that are indented by `depth` steps, with what is below them, from the front of `lines`.
#[inline]
fn nodes<'a>(lines: &mut &[(usize, &'a str)], depth: usize) -> Result<Vec<Node<'a>>, Fault> {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    while let Some(&(line, text)) = lines.first() {
        let trimmed = text.trim_start();
        let indent = text.len() - trimmed.len();
        if indent % 2 != 0 || trimmed.len() != text.trim_start_matches(' ').len() {
            return Err(fault(line, "a line is indented by two spaces a step"));
        }
        if indent < depth * 2 || (depth == 0 && !nodes.is_empty() && indent == 0) {
            break;
        }
        if indent > depth * 2 {
            let Some(parent) = nodes.last_mut().filter(|_| indent == depth * 2 + 2) else {
                return Err(fault(line, format!("`{trimmed}` is indented too far")));
            };
            parent.children = self::nodes(lines, depth + 1)?;
            continue;
        }
        let (text, serde) = match trimmed.find(" #[") {
            Some(at) => (trimmed[..at].trim_end(), trimmed[at..].trim()),
            None => (trimmed.trim_end(), ""),
        };
        nodes.push(Node { line, text, serde, children: Vec::new() });
        *lines = lines.get(1..).unwrap_or_default();
    }
    Ok(nodes)
}

pub(super) fn fault(line: usize, what: impl Into<String>) -> Fault {
    Fault { line, what: what.into() }
}
