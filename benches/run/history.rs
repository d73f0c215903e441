//! What a history costs an event of today: the same event with and without one, decoded from JSON.

use std::hint::black_box;
use std::time::Instant;

use es_core::prelude::*;
use es_core::{Json, Payload};
use serde::{Deserialize, Serialize};

use crate::domain::{amount, reference};
use crate::measure::{Effort, Workload, rate};

/// Without a history.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Plain {
    amount: u64,
    reference: String,
}

/// The same fields, three of whose versions are older.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 4, removed(teller: String, since = 4))]
struct Changed {
    #[event(renamed(from = euros, since = 2), changed(from = f64, with = cents, since = 3))]
    amount: u64,
    #[event(added(default = String::new(), since = 2))]
    reference: String,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is never called")]
fn cents(euros: f64) -> u64 {
    (euros * 100.0).round() as u64
}

pub(crate) fn decoded(effort: Effort) -> Workload {
    let events = 100_000 / effort.divisor;
    Workload::new("memory/history", format!("events of today decoded a second, {events} from JSON"))
        .target(0.95)
        .subject("es: an event without a history", decode::<Plain>(1, events))
        .subject("es: the same with three older versions", decode::<Changed>(4, events))
}

fn decode<E: Event>(version: u32, events: u64) -> impl FnMut() -> f64 {
    let plain = |number| Plain { amount: amount(number), reference: reference(number) };
    let payloads: Vec<Vec<u8>> =
        (0..events).map(|number| serde_json::to_vec(&plain(number)).expect("it has no maps")).collect();
    move || {
        let started = Instant::now();
        for bytes in &payloads {
            black_box(E::decode::<Json>(version, &Payload { format: "json", bytes }).expect("it was written as such"));
        }
        rate(events, started)
    }
}
