//! Aggregates with ten commands and ten events each: their structs, the derives on them, and the same by hand.

use std::fmt::Write as _;

const EACH: usize = 10;

/// A module for each aggregate, and what is above them.
fn modules(aggregates: usize, head: &str, module: impl Fn(usize) -> String) -> String {
    let mut source = format!("#![allow(dead_code)]\n{head}");
    for number in 0..aggregates {
        let _ = write!(source, "\npub mod a{number} {{\n{}}}\n", module(number));
    }
    source
}

/// `one` for each of the ten.
fn each(one: impl Fn(usize) -> String) -> String {
    (0..EACH).fold(String::new(), |all, number| all + &one(number))
}

/// The structs of commands, events and the state, with `derive` beside what they have anyway.
fn declared(command: &str, event: &str) -> String {
    each(|n| {
        format!(
            "#[derive({command}Debug, Clone)]\npub struct Do{n} {{ pub amount: u64, pub text: String }}\n\
             #[derive({event}Serialize, Deserialize, Debug, Clone, PartialEq)]\n\
             pub struct Done{n} {{ pub amount: u64, pub text: String }}\n"
        )
    })
}

const REFUSED: &str = "
#[derive(Debug)]
pub struct Refused;
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"refused\") }
}
impl std::error::Error for Refused {}
";

/// What both have in common.
pub(super) fn structs(aggregates: usize) -> String {
    modules(aggregates, REFUSED, |_| {
        let structs = declared("", "");
        let decisions = each(|n| {
            format!(
                "pub fn do{n}(&self, command: Do{n}) -> Result<Done{n}, super::Refused> {{\n\
                 if command.amount > self.sum {{ return Err(super::Refused); }}\n\
                 Ok(Done{n} {{ amount: command.amount, text: command.text }})\n}}\n"
            )
        });
        format!(
            "use serde::{{Deserialize, Serialize}};\n{structs}\
             #[derive(Debug, Default, Clone)]\npub struct Account {{ pub sum: u64, pub count: u64 }}\n\
             impl Account {{\n{decisions}}}\n"
        )
    })
}

/// The same with the derives.
pub(super) fn derived(aggregates: usize) -> String {
    modules(aggregates, REFUSED, |number| {
        let structs = declared("Command, ", "Event, ");
        let (commands, events) = (each(|n| format!("Do{n}, ")), each(|n| format!("Done{n}, ")));
        let sum = each(|n| format!("#[apply(Done{n} => self.sum + event.amount)]\n"));
        let count = each(|n| format!("#[apply(Done{n} => self.count + 1)]\n"));
        let handlers = each(|n| {
            format!(
                "impl Handle<Do{n}> for Account {{\n\
                 fn handle(&self, command: Do{n}, _: &Context) -> Decision<Self> {{\n\
                 if command.amount > self.sum {{ return reject(super::Refused); }}\n\
                 accept(Done{n} {{ amount: command.amount, text: command.text }})\n}}\n}}\n"
            )
        });
        format!(
            "use es_core::prelude::*;\nuse serde::{{Deserialize, Serialize}};\n{structs}\
             #[derive(Aggregate, Debug, Default, Clone)]\n\
             #[aggregate(name = \"account{number}\", commands({commands}), events({events}), error = super::Refused)]\n\
             pub struct Account {{\n{sum}pub sum: u64,\n{count}pub count: u64,\n}}\n{handlers}"
        )
    })
}

/// What a person writes in place of the derives: a trait for all aggregates, and for each the enums, the dispatch, the
/// names and versions in the journal, and how events are written and read.
const AGGREGATE: &str = "
pub trait Aggregate: Default + Clone + Send + Sync + 'static {
    const NAME: &'static str;
    type Command: Clone + std::fmt::Debug + Send + 'static;
    type Event: Clone + std::fmt::Debug + PartialEq + Send + 'static;
    fn handle(&self, command: Self::Command) -> Result<Vec<Self::Event>, Refused>;
    fn apply(&mut self, event: &Self::Event);
    fn encode(event: &Self::Event, bytes: &mut Vec<u8>) -> serde_json::Result<(&'static str, u32)>;
    fn decode(name: &str, version: u32, bytes: &[u8]) -> Result<Self::Event, DecodeError>;
}

#[derive(Debug)]
pub enum DecodeError {
    Name(String),
    Version(u32),
    Payload(serde_json::Error),
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self { Self::Payload(error) }
}
";

/// The same by hand.
pub(super) fn by_hand(aggregates: usize) -> String {
    modules(aggregates, &format!("{REFUSED}{AGGREGATE}"), |number| {
        let structs = declared("", "");
        let (commands, events) = (each(|n| format!("Do{n}(Do{n}),\n")), each(|n| format!("Done{n}(Done{n}),\n")));
        let from = each(|n| {
            format!(
                "impl From<Do{n}> for Command {{ fn from(command: Do{n}) -> Self {{ Self::Do{n}(command) }} }}\n\
                 impl From<Done{n}> for Event {{ fn from(event: Done{n}) -> Self {{ Self::Done{n}(event) }} }}\n"
            )
        });
        let handle = each(|n| format!("Command::Do{n}(command) => Ok(vec![self.do{n}(command)?.into()]),\n"));
        let apply = each(|n| format!("Event::Done{n}(event) => {{ self.sum += event.amount; self.count += 1; }}\n"));
        let encode = each(|n| {
            format!("Event::Done{n}(event) => {{ serde_json::to_writer(&mut *bytes, event)?; Ok((\"Done{n}\", 1)) }}\n")
        });
        let decode =
            each(|n| format!("\"Done{n}\" if version == 1 => Ok(Event::Done{n}(serde_json::from_slice(bytes)?)),\n"));
        let names: Vec<String> = (0..EACH).map(|n| format!("\"Done{n}\"")).collect();
        let decisions = each(|n| {
            format!(
                "fn do{n}(&self, command: Do{n}) -> Result<Done{n}, super::Refused> {{\n\
                 if command.amount > self.sum {{ return Err(super::Refused); }}\n\
                 Ok(Done{n} {{ amount: command.amount, text: command.text }})\n}}\n"
            )
        });
        format!(
            "use serde::{{Deserialize, Serialize}};\n{structs}\
             #[derive(Debug, Clone)]\npub enum Command {{\n{commands}}}\n\
             #[derive(Debug, Clone, PartialEq)]\npub enum Event {{\n{events}}}\n{from}\
             #[derive(Debug, Default, Clone)]\npub struct Account {{ pub sum: u64, pub count: u64 }}\n\
             impl Account {{\n{decisions}}}\n\
             impl super::Aggregate for Account {{\nconst NAME: &'static str = \"account{number}\";\n\
             type Command = Command;\ntype Event = Event;\n\
             fn handle(&self, command: Command) -> Result<Vec<Event>, super::Refused> {{\nmatch command {{\n{handle}}}\n}}\n\
             fn apply(&mut self, event: &Event) {{\nmatch event {{\n{apply}}}\n}}\n\
             fn encode(event: &Event, bytes: &mut Vec<u8>) -> serde_json::Result<(&'static str, u32)> {{\n\
             match event {{\n{encode}}}\n}}\n\
             fn decode(name: &str, version: u32, bytes: &[u8]) -> Result<Event, super::DecodeError> {{\n\
             match name {{\n{decode}{} => Err(super::DecodeError::Version(version)),\n\
             _ => Err(super::DecodeError::Name(name.to_owned())),\n}}\n}}\n}}\n",
            names.join(" | ")
        )
    })
}
