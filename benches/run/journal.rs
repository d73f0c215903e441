//! Filling journals with accounts, as fast as they take it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use es_core::prelude::*;
use es_core::{Append, CommandId, ExpectedVersion, Journal, Metadata, NewEvent, StreamAppend};

use crate::domain::{Account, AccountEvent, account, event};

/// As many under way as a program that imports would have.
const UNDER_WAY: usize = 8;

/// Appends events to some streams, in appends of as many as may be; gives how many bytes the payloads have.
pub(crate) async fn append<S: Journal + Clone>(store: &S, events: u64, streams: Range<u64>) -> u64 {
    fill(store, events, streams, false).await
}

/// The same, each event from a command of its own.
pub(crate) async fn append_commands<S: Journal + Clone>(store: &S, events: u64, streams: Range<u64>) -> u64 {
    fill(store, events, streams, true).await
}

async fn fill<S: Journal + Clone>(store: &S, events: u64, streams: Range<u64>, commands: bool) -> u64 {
    let per_stream = events / (streams.end - streams.start);
    let together = (1_000 / per_stream.max(1)).clamp(1, 1_000);
    let bytes = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for first in streams.clone().step_by(usize::try_from(together).unwrap_or(1)) {
        if tasks.len() >= UNDER_WAY {
            tasks.join_next().await.expect("there are some").expect("the appends end");
        }
        let (store, bytes) = (store.clone(), Arc::clone(&bytes));
        let streams = first..streams.end.min(first + together);
        // What one stream gets stays in its order.
        tasks.spawn(async move {
            for append in appends(&streams, per_stream, commands) {
                let payloads = append.streams.iter().flat_map(|stream| &stream.events);
                let size: usize = payloads.map(|event| event.payload.len()).sum();
                bytes.fetch_add(size as u64, Ordering::Relaxed);
                store.append(append).await.expect("an append");
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("the appends end");
    }
    bytes.load(Ordering::Relaxed)
}

/// The appends of `per_stream` events to each of a few streams, encoded when they are asked for.
fn appends(streams: &Range<u64>, per_stream: u64, commands: bool) -> impl Iterator<Item = Append> {
    (0..per_stream).step_by(1_000).map(move |first| {
        let last = (first + 1_000).min(per_stream);
        let streams = streams.clone().map(|number| StreamAppend {
            stream: StreamId::new("account", &account(number)).expect("a stream"),
            expected: ExpectedVersion::Exact(first),
            events: (first..last).map(|number| new_event(&event(number), commands)).collect(),
        });
        Append { streams: streams.collect() }
    })
}

/// New events of an account, without what led to them.
pub(crate) fn new_events(numbers: Range<u64>) -> Vec<NewEvent> {
    numbers.map(|number| new_event(&event(number), false)).collect()
}

fn new_event(event: &AccountEvent, command: bool) -> NewEvent {
    let mut payload = Vec::with_capacity(96);
    let kind = <Account as es_core::Aggregate>::encode_event(event, &mut payload).expect("it has no maps");
    let metadata = Metadata { command_id: command.then(CommandId::new), ..Metadata::default() };
    NewEvent {
        id: EventId::new(),
        name: kind.name.into(),
        version: kind.version,
        format: "json".into(),
        payload,
        metadata: Arc::new(metadata),
    }
}
