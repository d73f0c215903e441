//! The aggregate as the user declared it, checked as far as one item can be.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident};
use syn::{Attribute, LitInt, Path, Type, Visibility};

use super::attr::{Apply, Attributes, Entry, Options, Snapshot};
use super::lock::{self, Locked};
use crate::attr::{Body, Field, Item, Spoiled};
use crate::errors::Errors;
use crate::shape::layout;
use crate::{name, shape, text};

/// A checked aggregate. What is wrong was reported, and stands here as something that compiles.
pub(crate) struct Model {
    /// The path of es-core; `None` is `::es_core`.
    pub(crate) root: Option<Path>,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: String,
    pub(crate) fields: Vec<Field>,
    /// The name in the journal.
    pub(crate) name: String,
    pub(crate) id: Option<Type>,
    /// The type of errors, or the mistake that stands for it: not reported yet.
    pub(crate) error: Result<Type, syn::Error>,
    pub(crate) commands: Members,
    pub(crate) events: Members,
    pub(crate) retired: Vec<Member>,
    pub(crate) derives: Vec<Path>,
    /// How events and snapshots are written; `None` is JSON.
    pub(crate) codec: Option<Type>,
    pub(crate) snapshot: Option<Policy>,
    /// One for each event that a field names.
    pub(crate) changes: Vec<Changes>,
    /// What `events.lock` has of it.
    pub(crate) locked: Option<Locked>,
}

/// A generated enum.
pub(crate) struct Members {
    pub(crate) ident: Ident,
    pub(crate) members: Vec<Member>,
}

/// A command or an event of the aggregate.
pub(crate) struct Member {
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) path: Path,
    /// The variant in the generated enum.
    pub(crate) variant: Ident,
    /// Whether the event is listed as `Event(ignored)`.
    pub(crate) ignored: bool,
}

/// When snapshots are taken.
pub(crate) struct Policy {
    /// Where `snapshot` stands.
    pub(crate) span: Span,
    pub(crate) every: u64,
    pub(crate) keep: u32,
    /// The state's shape as text, with the version that the user gave it.
    pub(crate) shape: String,
    /// `TypeShape` of the state, for the types in it.
    pub(crate) nested: TokenStream,
}

/// What an event does to the fields that name it.
pub(crate) struct Changes {
    pub(crate) event: Path,
    /// `#[cfg(..)]` of the event in `events(..)`.
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) fields: Vec<Apply>,
}

impl Member {
    /// The token to point at.
    pub(crate) fn span(&self) -> Span {
        path_span(&self.path)
    }
}

/// Where the last name of `path` stands.
pub(crate) fn path_span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}

/// Checks what was read.
pub(crate) fn check(attributes: Attributes, errors: &Errors) -> Model {
    let Attributes { item, place, options, spoiled, applies } = attributes;
    let error = error_type(&item, place, &options, &spoiled);
    let is_spoiled = |name| spoiled.iter().any(|spoiled| spoiled.name == name);
    // Without any options there is one mistake, and `error_type` has it.
    let bare = place.is_none();

    let Options {
        root,
        name,
        id,
        commands,
        events,
        retired,
        error: _,
        snapshot,
        codec,
        command_enum,
        event_enum,
        derives,
    } = options;
    let name = name::of("an aggregate", name.get(), &item.ident, errors);
    let default = format_ident!("{}Event", item.ident);
    let command_enum = command_enum.get().filter(|command_enum| {
        // The other one may have another name: then this one may have its.
        let taken = *command_enum == default && event_enum.peek().is_none();
        if taken {
            let help = "give the enum another name: `command_enum = Name`";
            errors.at(command_enum.span(), format!("`{command_enum}` names the enum of events already; {help}"));
        }
        !taken
    });
    let mut commands = Members {
        ident: command_enum.unwrap_or_else(|| format_ident!("{}Command", item.ident)),
        members: members(commands.get().unwrap_or_default(), List::Commands, errors),
    };
    let events_given = events.get_spanned();
    if !bare && !is_spoiled("events") && events_given.as_ref().is_none_or(|(_, events)| events.is_empty()) {
        let span = events_given.as_ref().map(|(span, _)| *span).or(place).unwrap_or_else(|| item.ident.span());
        errors.at(span, "an aggregate without events never changes; list what can happen to it in `events(..)`");
    }
    let event_enum = event_enum.get().filter(|event_enum| {
        let taken = *event_enum == commands.ident;
        if taken {
            let help = "give the enum another name: `event_enum = Name`";
            errors.at(event_enum.span(), format!("`{event_enum}` names the enum of commands already; {help}"));
        }
        !taken
    });
    let mut events = Members {
        ident: event_enum.unwrap_or(default),
        members: members(events_given.map(|(_, events)| events).unwrap_or_default(), List::Events, errors),
    };
    let retired = members(retired.get().unwrap_or_default(), List::Retired, errors);
    let retired = without_current(retired, &events.members, errors);
    let listed = || commands.members.iter().chain(&events.members).chain(&retired).map(|member| &member.path);
    // An enum whose name is taken is written all the same, by another one.
    let free = |ident: &Ident, noun| {
        name::of_enum(ident, listed(), &item.ident, noun).unwrap_or_else(|error| {
            errors.push(error);
            format_ident!("__{}", ident)
        })
    };
    let (command_enum, event_enum) = (free(&commands.ident, "command"), free(&events.ident, "event"));
    (commands.ident, events.ident) = (command_enum, event_enum);
    for spoiled in spoiled.into_iter().filter(|spoiled| spoiled.name != "error") {
        errors.push(spoiled.error);
    }
    let locked = lock::read(&name).unwrap_or_else(|message| {
        errors.at(item.ident.span(), message);
        None
    });
    Model {
        root: root.get(),
        id: id.get(),
        locked,
        error,
        name,
        changes: changes(applies, &item, &events.members, errors),
        derives: derives.get().unwrap_or_default(),
        codec: codec.get(),
        snapshot: snapshot.get_spanned().map(|(span, snapshot)| policy(span, snapshot, &item, errors)),
        fields: match item.body {
            Body::Struct(_, fields) => fields,
            Body::Enum(_) => Vec::new(),
        },
        commands,
        events,
        retired,
        ident: item.ident,
        vis: item.vis,
        docs: item.docs,
    }
}

/// The type of errors. Where it is missing, the mistake: reported as a type, it makes the compiler
/// say nothing of all that depends on it.
fn error_type(item: &Item, place: Option<Span>, options: &Options, spoiled: &[Spoiled]) -> Result<Type, syn::Error> {
    if let Some(ty) = options.error.peek() {
        return Ok(ty.clone());
    }
    if let Some(spoiled) = spoiled.iter().find(|spoiled| spoiled.name == "error") {
        return Err(spoiled.error.clone());
    }
    Err(match place {
        Some(place) => syn::Error::new(
            place,
            "missing `error`: why a command is rejected; write `error = Type`, or \
             `error = std::convert::Infallible` if none ever is",
        ),
        None => syn::Error::new(
            item.ident.span(),
            "missing `#[aggregate(..)]`; write `#[aggregate(commands(..), events(..), error = ..)]`",
        ),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum List {
    Commands,
    Events,
    Retired,
}

/// The entries of a list: none twice, no two of one variant.
fn members(entries: Vec<Entry>, list: List, errors: &Errors) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for entry in entries {
        let (noun, option) = match list {
            List::Commands => ("command", "commands(..)"),
            List::Events => ("event", "events(..)"),
            List::Retired => ("retired event", "retired(..)"),
        };
        if let Some(span) = entry.ignored.filter(|_| list != List::Events) {
            errors.at(span, format!("a {noun} changes nothing by itself; `ignored` is for `events(..)`"));
        }
        let Some(segment) = entry.path.segments.last() else { continue };
        let member = Member {
            variant: entry.rename.unwrap_or_else(|| segment.ident.clone()),
            cfg: entry.cfg,
            ignored: entry.ignored.is_some(),
            path: entry.path,
        };
        if members.iter().any(|other| same_path(&other.path, &member.path)) {
            let path = text::source(member.path.to_token_stream());
            errors.at(member.span(), format!("{noun} `{path}` is listed twice in `{option}`; list it once"));
        } else if list != List::Retired && members.iter().any(|other| is_one_variant(other, &member)) {
            let (path, variant) = (text::source(member.path.to_token_stream()), &member.variant);
            errors.at(
                variant.span(),
                format!("two variants would be called `{variant}`; give one another name: `{path} as Other{variant}`"),
            );
        } else {
            members.push(member);
        }
    }
    members
}

/// Whether two types are one variant. Where each has a `#[cfg(..)]`, only the compiler knows whether they are there together.
fn is_one_variant(one: &Member, other: &Member) -> bool {
    one.variant == other.variant && (one.cfg.is_empty() || other.cfg.is_empty())
}

/// Reports and drops retired events that are current as well.
fn without_current(retired: Vec<Member>, events: &[Member], errors: &Errors) -> Vec<Member> {
    let (both, retired): (Vec<Member>, Vec<Member>) =
        retired.into_iter().partition(|member| events.iter().any(|event| same_path(&event.path, &member.path)));
    for member in both {
        let path = text::source(member.path.to_token_stream());
        errors.at(
            member.span(),
            format!("event `{path}` is in `events(..)` too; an event is current or retired: take it out of one"),
        );
    }
    retired
}

/// Whether two paths are written alike. Paths that are not may still name one type: the compiler finds that.
fn same_path(a: &Path, b: &Path) -> bool {
    text::source(a.to_token_stream()) == text::source(b.to_token_stream())
}

/// How many events apart snapshots are where only their version is given.
const EVERY: u64 = 100;

fn policy(span: Span, snapshot: Snapshot, item: &Item, errors: &Errors) -> Policy {
    let Snapshot { every, keep, version, spoiled } = snapshot;
    if every.peek().is_none() && version.peek().is_none() && !spoiled {
        errors.at(span, "missing `every`: how many events apart snapshots are; write `snapshot(every = 100)`");
    }
    let shape = match version.get() {
        Some(version) => format!("version {}: {}", at_least_one(&version, "version", errors), shape::of(item)),
        None => shape::of(item),
    };
    let every = every.get().map_or(EVERY, |literal| at_least_one(&literal, "every", errors));
    let keep = keep.get().map_or(1, |literal| at_least_one(&literal, "keep", errors));
    let nested = layout::type_shape(&item.body, &item.serde);
    Policy { span, every, keep: keep.try_into().unwrap_or(u32::MAX), shape, nested }
}

fn at_least_one(literal: &LitInt, key: &str, errors: &Errors) -> u64 {
    match literal.base10_parse::<u64>() {
        Ok(number) if number > 0 && (key != "keep" || u32::try_from(number).is_ok()) => number,
        _ => {
            errors.at(literal.span(), format!("`{key}` is a number of at least 1, not `{literal}`"));
            1
        }
    }
}

/// Groups what fields become by the event that they name.
fn changes(applies: Vec<Apply>, item: &Item, events: &[Member], errors: &Errors) -> Vec<Changes> {
    let mut changes: Vec<Changes> = Vec::new();
    for apply in applies {
        let path = text::source(apply.event.to_token_stream());
        let listed = events.iter().find(|event| same_path(&event.path, &apply.event));
        if listed.is_some_and(|event| event.ignored) {
            errors.at(
                path_span(&apply.event),
                format!("event `{path}` is listed as `{path}(ignored)`; take `(ignored)` away, or this `#[apply]`"),
            );
            continue;
        }
        let group = if let Some(at) = changes.iter().position(|group| same_path(&group.event, &apply.event)) {
            &mut changes[at]
        } else {
            let cfg = listed.map(|event| event.cfg.clone()).unwrap_or_default();
            changes.push(Changes { event: apply.event.clone(), cfg, fields: Vec::new() });
            match changes.last_mut() {
                Some(group) => group,
                None => continue,
            }
        };
        if group.fields.iter().any(|other| other.field == apply.field) {
            let field = item.fields().get(apply.field).map_or("", |field| &field.name);
            errors.at(
                path_span(&apply.event),
                format!("event `{path}` is applied to `{field}` twice; write one expression for it"),
            );
        } else {
            group.fields.push(apply);
        }
    }
    changes
}
