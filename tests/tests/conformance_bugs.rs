//! The conformance suite catches the bugs that it is there for: stores with one bug each fail the points that say so.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use es_core::testing::conformance::import::points as import_points;
use es_core::testing::conformance::{Harness, points};
use es_core::{
    Append, AppendError, Appended, Clock, CommandId, EventId, ExpectedVersion, Filter, ImportJournal, Imported,
    Journal, JournalError, JournalId, ListSnapshots, MemoryStore, Page, PageSize, Position, RawEvent, Snapshot,
    SnapshotStore, StreamId, Timestamp,
};

/// What a store with a bug does otherwise than the store in memory.
trait Bug: Send + Sync + 'static {
    fn append(store: &Faulty<Self>, append: Append) -> impl Future<Output = Result<Appended, AppendError>> + Send
    where
        Self: Sized,
    {
        store.inner.append(append)
    }

    fn page(_store: &Faulty<Self>, page: Page, _after: Position) -> Page
    where
        Self: Sized,
    {
        page
    }

    fn stream(stream: &StreamId) -> StreamId {
        stream.clone()
    }

    fn filter(filter: &Filter) -> Filter {
        filter.clone()
    }

    fn time(time: Timestamp) -> Timestamp {
        time
    }

    fn newest(head: Position) -> Position {
        head
    }

    fn wait_from(after: Position) -> Position {
        after
    }

    fn kept(keep: u32) -> u32 {
        keep
    }

    fn import(store: &Faulty<Self>, events: Arc<Page>) -> impl Future<Output = Result<Imported, AppendError>> + Send
    where
        Self: Sized,
    {
        store.inner.import(events)
    }

    fn listed(snapshots: Vec<Snapshot>) -> Vec<Snapshot> {
        snapshots
    }
}

struct Faulty<B> {
    inner: MemoryStore,
    in_flight: Arc<Mutex<HashSet<EventId>>>,
    bug: PhantomData<B>,
}

impl<B> Clone for Faulty<B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), in_flight: Arc::clone(&self.in_flight), bug: PhantomData }
    }
}

impl<B: Bug> Journal for Faulty<B> {
    fn id(&self) -> JournalId {
        self.inner.id()
    }

    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        for part in &mut append.streams {
            part.stream = B::stream(&part.stream);
        }
        B::append(self, append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.inner.read_stream(&B::stream(stream), versions, size).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        let page = self.inner.read_all(after, &B::filter(filter), size).await?;
        Ok(B::page(self, page, after))
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        self.inner.version(&B::stream(stream)).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        self.inner.version_at(&B::stream(stream), B::time(time)).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        self.inner.find_command(&B::stream(stream), id).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.inner.head().await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        Ok(B::newest(self.inner.head().await?))
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        self.inner.wait(B::wait_from(after)).await
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.inner.clock()
    }
}

impl<B: Bug> SnapshotStore for Faulty<B> {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        self.inner.load_snapshot(stream, up_to, format).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.inner.save_snapshot(snapshot).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.inner.keep_snapshots(stream, B::kept(keep)).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.inner.delete_snapshots(stream, versions).await
    }
}

impl<B: Bug> ImportJournal for Faulty<B> {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        B::import(self, events).await
    }
}

impl<B: Bug> ListSnapshots for Faulty<B> {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        Ok(B::listed(self.inner.list_snapshots(after, size).await?))
    }
}

struct With<B>(PhantomData<B>);

impl<B: Bug> Harness for With<B> {
    type Store = Faulty<B>;

    const HISTORIES: u64 = 200;

    async fn create() -> Self {
        Self(PhantomData)
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> Faulty<B> {
        let inner = MemoryStore::builder().clock(clock).build();
        Faulty { inner, in_flight: Arc::default(), bug: PhantomData }
    }
}

/// The pages of a journal without some events, as if these were not there yet.
fn without(page: &Page, after: Position, hidden: impl Fn(EventId) -> bool) -> Page {
    let mut shown = Page::new(PageSize { events: usize::MAX, bytes: usize::MAX }, after);
    for event in page {
        if !hidden(event.id) {
            shown.push(event);
        }
    }
    shown.passed(page.next());
    if page.more() {
        shown.has_more();
    }
    shown
}

/// None, so that it is the bug that makes a point fail and not the wrapping.
struct Correct;

impl Bug for Correct {}

#[test]
fn a_store_without_a_bug_passes() {
    points::g03_readers_among_16_writers_see_each_event_once_and_never_at_a_position_they_have_passed::<With<Correct>>(
    );
    points::g07_an_append_over_several_streams_is_visible_at_once_or_not_at_all::<With<Correct>>();
    points::j16_an_append_whose_future_is_dropped_happens_as_a_whole_or_not_at_all::<With<Correct>>();
    points::j17_random_histories_are_as_in_the_model::<With<Correct>>();
}

/// Events take their positions in one order and become visible in another, as with transactions that run side by side
/// and a reader that asks for positions above the last one.
struct OutOfOrder;

impl Bug for OutOfOrder {
    async fn append(store: &Faulty<Self>, append: Append) -> Result<Appended, AppendError> {
        let ids: Vec<_> = append.streams.iter().flat_map(|part| &part.events).map(|event| event.id).collect();
        store.in_flight.lock().unwrap().extend(&ids);
        let answer = store.inner.append(append).await;
        tokio::task::yield_now().await;
        store.in_flight.lock().unwrap().retain(|id| !ids.contains(id));
        answer
    }

    fn page(store: &Faulty<Self>, page: Page, after: Position) -> Page {
        let in_flight = store.in_flight.lock().unwrap();
        without(&page, after, |id| in_flight.contains(&id))
    }
}

#[test]
#[should_panic(expected = "the reader skipped or repeated an event")]
fn events_that_become_visible_out_of_order_are_caught() {
    points::g03_readers_among_16_writers_see_each_event_once_and_never_at_a_position_they_have_passed::<With<OutOfOrder>>(
    );
}

/// The version is compared in the program, and not in the journal's own transaction.
struct CheckThenWrite;

impl Bug for CheckThenWrite {
    async fn append(store: &Faulty<Self>, mut append: Append) -> Result<Appended, AppendError> {
        for part in &mut append.streams {
            let actual = store.inner.version(&part.stream).await?;
            if !part.expected.allows(actual) {
                let (stream, expected) = (part.stream.clone(), part.expected);
                return Err(AppendError::Conflict { stream, expected, actual });
            }
            part.expected = ExpectedVersion::Any;
        }
        tokio::task::yield_now().await;
        store.inner.append(append).await
    }
}

#[test]
#[should_panic(expected = "won at version")]
fn a_version_check_that_is_not_atomic_is_caught() {
    points::j08_of_8_writers_that_race_exactly_one_wins::<With<CheckThenWrite>>();
}

#[test]
#[should_panic(expected = "an append to [\"account/alice\"] failed")]
fn a_version_check_before_the_look_for_the_event_ids_is_caught() {
    points::j09_an_append_that_is_repeated_is_answered_with_the_same_positions::<With<CheckThenWrite>>();
}

/// An append over several streams is several appends.
struct Torn;

impl Bug for Torn {
    async fn append(store: &Faulty<Self>, append: Append) -> Result<Appended, AppendError> {
        let mut answer = store.inner.append(Append::default()).await?;
        for part in append.streams {
            let Appended { streams, position, recorded_at, repeated } =
                store.inner.append(Append { streams: vec![part] }).await?;
            answer.streams.extend(streams);
            answer = Appended { position: position.max(answer.position), recorded_at, repeated, ..answer };
            tokio::task::yield_now().await;
        }
        Ok(answer)
    }
}

#[test]
#[should_panic(expected = "had")]
fn an_append_that_is_visible_in_parts_is_caught() {
    points::g07_an_append_over_several_streams_is_visible_at_once_or_not_at_all::<With<Torn>>();
}

#[test]
#[should_panic(expected = "3 of 6 events of a dropped append are there")]
fn an_append_that_is_torn_when_its_future_is_dropped_is_caught() {
    points::j16_an_append_whose_future_is_dropped_happens_as_a_whole_or_not_at_all::<With<Torn>>();
}

#[test]
#[should_panic(expected = "an append that was refused left something")]
fn an_append_of_which_a_part_stays_is_caught() {
    points::g07_a_conflict_in_one_stream_writes_nothing_to_any::<With<Torn>>();
}

/// Ids are compared without regard to case.
struct FoldsCase;

impl Bug for FoldsCase {
    fn stream(stream: &StreamId) -> StreamId {
        StreamId::new(stream.aggregate(), &stream.id().to_lowercase()).unwrap_or_else(|_| stream.clone())
    }
}

#[test]
#[should_panic(expected = "is another stream too")]
fn streams_that_meet_are_caught() {
    points::j12_two_different_ids_never_meet::<With<FoldsCase>>();
}

/// A filter looks at the aggregate only.
struct FiltersByAggregate;

impl Bug for FiltersByAggregate {
    fn filter(filter: &Filter) -> Filter {
        let aggregates = ["account", "Account", "acco_nt", "accounts", "loan"];
        let names = ["opened", "Opened", "o_ened", "o%", "opened.v2"];
        let let_through =
            aggregates.iter().filter(|aggregate| names.iter().any(|name| filter.lets_through(aggregate, name)));
        let_through.fold(Filter::none(), |filter, aggregate| filter.aggregate(*aggregate))
    }
}

#[test]
#[should_panic(expected = "in pages of")]
fn a_filter_that_lets_too_much_through_is_caught() {
    points::g05_a_filter_gives_what_reading_everything_and_filtering_gives::<With<FiltersByAggregate>>();
}

/// The last event recorded before a time, and not at it.
struct BeforeTheTime;

impl Bug for BeforeTheTime {
    fn time(time: Timestamp) -> Timestamp {
        time - std::time::Duration::from_micros(1)
    }
}

#[test]
#[should_panic(expected = "at 2026-11-23T12:00:00.000000Z")]
fn a_version_at_a_time_that_leaves_out_the_time_itself_is_caught() {
    points::j15_the_version_at_a_time_is_the_last_one_recorded_by_then::<With<BeforeTheTime>>();
}

#[test]
#[should_panic(expected = "left == right")]
fn random_histories_catch_a_version_at_a_time_that_leaves_out_the_time_itself() {
    points::j17_random_histories_are_as_in_the_model::<With<BeforeTheTime>>();
}

/// Pages never say that there is more.
struct NeverMore;

impl Bug for NeverMore {
    fn page(_: &Faulty<Self>, page: Page, after: Position) -> Page {
        let mut last = Page::new(PageSize { events: usize::MAX, bytes: usize::MAX }, after);
        for event in &page {
            last.push(event);
        }
        last.passed(page.next());
        last
    }
}

#[test]
#[should_panic(expected = "in pages of")]
fn a_page_that_denies_that_there_is_more_is_caught() {
    points::g09_a_page_is_bounded_in_events_and_in_bytes_and_reading_on_gives_the_rest::<With<NeverMore>>();
}

/// A wait that ends when there is anything at all.
struct WaitsForNothing;

impl Bug for WaitsForNothing {
    fn wait_from(_: Position) -> Position {
        Position::START
    }
}

#[test]
#[should_panic(expected = "before there was anything to wait for")]
fn a_wait_that_ends_too_soon_is_caught() {
    points::g04_an_append_that_failed_wakes_no_one_and_the_next_one_is_read::<With<WaitsForNothing>>();
}

/// The newest event is always the same.
struct KnowsNoNewest;

impl Bug for KnowsNoNewest {
    fn newest(_: Position) -> Position {
        Position::START
    }
}

#[test]
#[should_panic = "left == right"]
fn a_store_that_does_not_know_its_newest_event_is_caught() {
    points::g01_the_newest_event_is_known_at_once_and_read_when_nothing_holds_it_back::<With<KnowsNoNewest>>();
}

/// One snapshot more is kept than was asked for.
struct KeepsOneMore;

impl Bug for KeepsOneMore {
    fn kept(keep: u32) -> u32 {
        keep + 1
    }
}

#[test]
#[should_panic(expected = "after keeping 3")]
fn a_snapshot_that_stays_is_caught() {
    points::s05_keeping_the_newest_deletes_the_others_of_that_stream_only::<With<KeepsOneMore>>();
}

/// The events of a page, each changed.
fn changed(page: &Page, change: impl Fn(RawEvent<'_>) -> RawEvent<'_>) -> Arc<Page> {
    let mut all = Page::new(PageSize { events: usize::MAX, bytes: usize::MAX }, Position::START);
    for event in page {
        all.push(change(event));
    }
    Arc::new(all)
}

/// Imported events are recorded when they are imported.
struct ImportsNow;

impl Bug for ImportsNow {
    async fn import(store: &Faulty<Self>, events: Arc<Page>) -> Result<Imported, AppendError> {
        let recorded_at = store.inner.clock().now();
        store.inner.import(changed(&events, |event| RawEvent { recorded_at, ..event })).await
    }
}

#[test]
#[should_panic(expected = "left == right")]
fn an_import_that_loses_the_times_is_caught() {
    import_points::i1_events_come_back_as_they_were_in_the_other_journal::<With<ImportsNow>>();
}

#[test]
#[should_panic(expected = "Differs")]
fn a_copy_that_loses_the_times_is_caught() {
    import_points::i7_a_copy_goes_on_where_it_was_ended::<With<ImportsNow>>();
}

/// An import is an import of each event.
struct ImportsOneByOne;

impl Bug for ImportsOneByOne {
    async fn import(store: &Faulty<Self>, events: Arc<Page>) -> Result<Imported, AppendError> {
        let mut imported = Imported { position: Position::START, repeated: false };
        for event in &*events {
            let mut one = Page::new(PageSize::default(), Position::START);
            one.push(event);
            imported = store.inner.import(Arc::new(one)).await?;
            tokio::task::yield_now().await;
        }
        Ok(imported)
    }
}

#[test]
#[should_panic(expected = "an import that was refused left something")]
fn an_import_of_which_a_part_stays_is_caught() {
    import_points::i3_an_event_that_is_not_the_next_of_its_stream_is_a_conflict::<With<ImportsOneByOne>>();
}

#[test]
#[should_panic(expected = "should have been refused")]
fn an_import_of_which_a_part_is_there_already_is_caught() {
    import_points::i4_an_import_of_which_part_is_there_or_is_elsewhere_is_refused::<With<ImportsOneByOne>>();
}

/// A list leaves out the last snapshot of a page.
struct ListsOneLess;

impl Bug for ListsOneLess {
    fn listed(mut snapshots: Vec<Snapshot>) -> Vec<Snapshot> {
        if snapshots.len() > 1 {
            snapshots.pop();
        }
        snapshots
    }
}

#[test]
#[should_panic(expected = "left == right")]
fn a_list_without_some_snapshots_is_caught() {
    import_points::i6_a_list_goes_on_after_a_snapshot_that_is_gone::<With<ListsOneLess>>();
}
