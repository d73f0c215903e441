//! Events with histories of every kind, and generated content: what was recorded as one version reads as the
//! composition of the steps since, in every format; what is no event is an error.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod composition;
mod current;
mod damage;
mod events;
mod generate;

use serde_json::{Map, Value};

use self::generate::Random;

/// What happened from one version to the next, told by other means than the derive's.
pub enum Step {
    Renamed(&'static str, &'static str),
    Changed(&'static str, fn(Value) -> Value),
    Added(&'static str, Value),
    Removed(&'static str),
    /// Anything.
    Own(fn(Value) -> Value),
}

impl Step {
    /// The content in JSON, after the step.
    fn take(&self, content: Value) -> Value {
        let mut fields: Map<String, Value> = match (self, content) {
            (Self::Own(step), content) => return step(content),
            (_, Value::Object(fields)) => fields,
            (_, Value::Null) => Map::new(),
            (_, other) => panic!("no fields in {other}"),
        };
        match self {
            Self::Renamed(from, to) => {
                let value = fields.remove(*from).unwrap();
                fields.insert((*to).to_owned(), value);
            }
            Self::Changed(name, change) => {
                let value = fields.remove(*name).unwrap();
                fields.insert((*name).to_owned(), change(value));
            }
            Self::Added(name, value) => {
                fields.insert((*name).to_owned(), value.clone());
            }
            Self::Removed(name) => {
                fields.remove(*name).unwrap();
            }
            Self::Own(_) => {}
        }
        fields.into()
    }
}

/// One recorded version of an event.
pub trait Recorded<E>: generate::Generate + serde::Serialize + Clone + Into<E> {
    const VERSION: u32;

    /// What happened since: a list for each later version.
    fn since() -> Vec<Vec<Step>>;
}

/// What a test does with each version of each event.
pub trait Visitor {
    fn visit<E: es_core::Event, R: Recorded<E>>(&mut self, random: &mut Random);
}
