//! Clients that append, and note what they were told.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::{Append, AppendError, EventId, ExpectedVersion, Filter, Journal, NewEvent, PageSize, Position, StreamId};
use es_postgres::PostgresStore;
use tokio::task::JoinSet;

pub(crate) fn soak() -> bool {
    std::env::var_os("ES_SOAK").is_some_and(|value| value == "1")
}

pub(crate) fn event() -> NewEvent {
    NewEvent {
        id: EventId::new(),
        name: "increased".into(),
        version: 1,
        format: "json".into(),
        payload: br#"{"by":1}"#.to_vec(),
        metadata: Arc::default(),
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Written,
    NotWritten,
}

/// What the clients were told.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) told: Mutex<HashMap<EventId, Told>>,
    pub(crate) written: AtomicUsize,
    pub(crate) not_written: AtomicUsize,
    pub(crate) unknown: AtomicUsize,
    /// Appends whose outcome was not known, and that had been written.
    pub(crate) found: AtomicUsize,
}

impl Answers {
    /// Appends, and asks again until it is known what became of it; gives whether it was written.
    pub(crate) async fn append(&self, store: &PostgresStore, append: Append) -> bool {
        let ids: Vec<_> = append.streams.iter().flat_map(|stream| &stream.events).map(|event| event.id).collect();
        let mut in_doubt = false;
        let told = loop {
            match store.append(append.clone()).await {
                Ok(appended) => {
                    self.found.fetch_add(usize::from(in_doubt && appended.repeated), Ordering::SeqCst);
                    break Told::Written;
                }
                Err(AppendError::Unknown { .. }) => {
                    in_doubt = true;
                    self.unknown.fetch_add(1, Ordering::SeqCst);
                }
                // Nothing was written by this one, but an earlier try may still have been.
                Err(AppendError::Journal(_)) if in_doubt => {}
                Err(AppendError::Journal(_)) => break Told::NotWritten,
                Err(error) => panic!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let count = if told == Told::Written { &self.written } else { &self.not_written };
        count.fetch_add(ids.len(), Ordering::SeqCst);
        let mut known = self.told.lock().unwrap();
        known.extend(ids.into_iter().map(|id| (id, told)));
        told == Told::Written
    }

    /// Waits until so many more events were acknowledged.
    pub(crate) async fn wait_for_more(&self, events: usize) {
        let target = self.written.load(Ordering::SeqCst) + events;
        tokio::time::timeout(Duration::from_mins(2), async {
            while self.written.load(Ordering::SeqCst) < target {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .expect("appends go on within two minutes");
    }

    /// Checks that the journal has what was acknowledged, once each, and nothing that was said not to be written.
    pub(crate) async fn check(&self, store: &PostgresStore) -> usize {
        // The other tests' transactions on a server may hold readers back.
        let newest = store.newest().await.unwrap();
        while store.head().await.unwrap() < newest {
            tokio::task::yield_now().await;
        }
        let (mut found, mut versions) = (HashSet::new(), HashMap::new());
        let mut after = Position::START;
        loop {
            let page = store.read_all(after, &Filter::all(), PageSize::default()).await.unwrap();
            for raw in &page {
                assert!(raw.position > after, "{} comes after {after}", raw.position);
                assert!(found.insert(raw.id), "event {} is there twice", raw.id);
                let version: &mut u64 = versions.entry(raw.stream.clone()).or_default();
                *version += 1;
                assert_eq!(raw.version, *version, "`{}` has no gap", raw.stream);
            }
            after = page.next();
            if !page.more() {
                break;
            }
        }
        let told = self.told.lock().unwrap();
        for (id, told) in &*told {
            assert_eq!(found.contains(id), *told == Told::Written, "event {id}: {told:?}");
        }
        assert_eq!(found.len(), told.values().filter(|told| **told == Told::Written).count(), "nothing else is there");
        found.len()
    }
}

/// Clients that append for as long as they are to.
pub(crate) struct Clients {
    goes_on: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Clients {
    /// Starts clients, each with a stream of its own, whose version it expects, and one that all share.
    pub(crate) fn start(store: &PostgresStore, answers: &Arc<Answers>, clients: usize) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let (store, answers, goes_on) = (store.clone(), Arc::clone(answers), Arc::clone(&goes_on));
            tasks.spawn(async move {
                let own = StreamId::new("account", &format!("client {client}")).unwrap();
                let shared = StreamId::new("account", "shared").unwrap();
                let mut version = 0;
                while goes_on.load(Ordering::SeqCst) {
                    let mut append =
                        Append::to_stream(own.clone(), ExpectedVersion::Exact(version), vec![event(), event()]);
                    if version % 3 == 0 {
                        let to_shared = Append::to_stream(shared.clone(), ExpectedVersion::Any, vec![event()]);
                        append.streams.extend(to_shared.streams);
                    }
                    if answers.append(&store, append).await {
                        version += 2;
                    } else {
                        // It is to be tried again later.
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
            });
        }
        Self { goes_on, tasks }
    }

    pub(crate) async fn stop(self) {
        self.goes_on.store(false, Ordering::SeqCst);
        self.tasks.join_all().await;
    }
}

/// Whether the check finds something to object to.
async fn objects(answers: &Arc<Answers>, store: &PostgresStore) -> bool {
    let (checked, store) = (Arc::clone(answers), store.clone());
    let result = tokio::spawn(async move { checked.check(&store).await }).await;
    // It has objected while it had them.
    answers.told.clear_poison();
    result.is_err_and(|error| error.is_panic())
}

#[tokio::test]
async fn the_check_finds_an_event_that_was_lost_and_one_that_should_not_be_there() {
    let database = es_postgres_server::Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let answers = Arc::new(Answers::default());
    let stream = StreamId::new("account", "alice").unwrap();
    let (one, two) = (event(), event());
    let (there, of_nobody) = (one.id, two.id);
    assert!(answers.append(&store, Append::to_stream(stream.clone(), ExpectedVersion::Any, vec![one])).await);
    assert!(!objects(&answers, &store).await);
    let lost = EventId::new();
    answers.told.lock().unwrap().insert(lost, Told::Written);
    assert!(objects(&answers, &store).await, "an event was lost");
    answers.told.lock().unwrap().remove(&lost);
    answers.told.lock().unwrap().insert(there, Told::NotWritten);
    assert!(objects(&answers, &store).await, "an event is there that was said not to be");
    answers.told.lock().unwrap().insert(there, Told::Written);
    store.append(Append::to_stream(stream, ExpectedVersion::Any, vec![two])).await.unwrap();
    assert!(objects(&answers, &store).await, "an event is there that nobody was told of");
    answers.told.lock().unwrap().insert(of_nobody, Told::Written);
    assert!(!objects(&answers, &store).await);
}
