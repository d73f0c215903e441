//! A journal that moves from a file to a server, and back to a file.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::Arc;

use common::Place;
use es_core::{
    Append, CausationId, CommandId, CorrelationId, EventId, ExpectedVersion, Filter, Journal, JournalCopy,
    ListSnapshots, ManualClock, Metadata, NewEvent, PageSize, Position, Snapshot, SnapshotStore, StreamAppend,
    StreamId, Timestamp,
};
use es_sqlite::SqliteStore;

/// Events of several streams and formats, with all that an event can have.
async fn fill(store: &SqliteStore, clock: &ManualClock, appends: u64) {
    let payloads: [(&str, &[u8]); 5] = [
        ("json", b"{\"by\": 1.50, \"text\":\"\\u0000 \\u00fc\"}"),
        ("json", b"{\"by\":2}"),
        ("json", b"no JSON"),
        ("postcard", &[0, 255, 1]),
        ("bytes", b""),
    ];
    for number in 0..appends {
        clock.set(Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(number).unwrap() * 1_001));
        let events = |count: usize| {
            let one = |index: usize| {
                let (format, payload) = payloads[(index + usize::try_from(number).unwrap()) % payloads.len()];
                NewEvent {
                    id: EventId::new(),
                    name: ["opened", "paid in", "closed"][index % 3].into(),
                    version: 1 + u32::try_from(index % 2).unwrap(),
                    format: format.into(),
                    payload: payload.to_vec(),
                    metadata: metadata(number),
                }
            };
            (0..count).map(one).collect::<Vec<_>>()
        };
        let part = |id: u64, count| StreamAppend {
            stream: StreamId::new(["account", "loan"][usize::try_from(id % 2).unwrap()], &format!("é {id}")).unwrap(),
            expected: ExpectedVersion::Any,
            events: events(count),
        };
        let append = Append { streams: vec![part(number % 7, 3), part(7 + number % 5, 2)] };
        store.append(append).await.unwrap();
    }
}

fn metadata(number: u64) -> Arc<Metadata> {
    if number.is_multiple_of(3) {
        return Arc::default();
    }
    Arc::new(Metadata {
        actor: Some(format!("teller {number}")),
        command_id: Some(CommandId::new()),
        correlation_id: number.is_multiple_of(2).then(CorrelationId::new),
        causation_id: Some(CausationId::new()),
        extra: [("ip".to_owned(), "\"::1\"".to_owned())].into(),
    })
}

/// All that a journal has, but for the positions.
async fn all<S: Journal>(store: &S) -> Vec<String> {
    let (mut position, mut all) = (Position::START, Vec::new());
    loop {
        let page = store.read_all(position, &Filter::all(), PageSize::events(50)).await.unwrap();
        let line = |raw: es_core::RawEvent<'_>| format!("{:?}", es_core::RawEvent { position: Position::START, ..raw });
        all.extend(page.iter().map(line));
        position = page.next();
        if !page.more() {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_moves_to_a_server_and_back_is_the_same() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let file = SqliteStore::builder().clock(Arc::clone(&clock) as _).open_in_memory().await.unwrap();
    fill(&file, &clock, 200).await;
    let stream = StreamId::new("account", "é 0").unwrap();
    let page = file.read_stream(&stream, 1..=6, PageSize::default()).await.unwrap();
    let last = page.last().unwrap();
    for version in [3, last.version] {
        let snapshot = Snapshot {
            stream: stream.clone(),
            version,
            event_id: page.iter().find(|raw| raw.version == version).unwrap().id,
            format: "json 1".to_owned(),
            taken_at: Timestamp::from_micros(7),
            payload: vec![0, 255],
        };
        file.save_snapshot(snapshot).await.unwrap();
    }

    let place = Place::new();
    let server = place.builder().connect(place.url()).await.unwrap();
    let mut reports = 0;
    let copied = JournalCopy::new(&file, &server).page_size(PageSize::events(64)).on_progress(|_| reports += 1);
    copied.run().await.unwrap();
    assert!(reports > 10, "{reports}");
    // It goes on where it has ended.
    fill(&file, &clock, 20).await;
    JournalCopy::new(&file, &server).run().await.unwrap();
    JournalCopy::new(&file, &server).verify().await.unwrap();
    let back = SqliteStore::open_in_memory().await.unwrap();
    JournalCopy::new(&server, &back).run().await.unwrap();
    JournalCopy::new(&server, &back).verify().await.unwrap();

    let (there, here) = (all(&file).await, all(&back).await);
    assert_eq!(there.len(), 220 * 5);
    assert_eq!(all(&server).await, there);
    assert_eq!(here, there);
    let snapshots = back.list_snapshots(None, PageSize::default()).await.unwrap();
    assert_eq!(snapshots, file.list_snapshots(None, PageSize::default()).await.unwrap());
    assert_eq!(snapshots.len(), 2);
}
