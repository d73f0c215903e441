//! SierraDB, embedded: no server, no cluster. An append is answered when it is synced.

mod domain;

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{Account, AccountEvent};
use peers_common::{Done, Peer, Program, Projects, Store, account, amount, file, is_withdrawal, reference};
use sierradb::database::{Database, DatabaseBuilder, ExpectedVersion, NewEvent, Transaction};
use sierradb::id::{NAMESPACE_PARTITION_KEY, uuid_to_partition_hash, uuid_v7_with_partition_hash};
use sierradb::{IterDirection, StreamId};
use uuid::Uuid;

const PARTITIONS: u16 = 32;

fn main() -> Done {
    let mut program = Program::of(&["sierradb"]);
    program.subject(Store::Sqlite, "sierradb", || open(false)).one().many().replay().project().bulk();
    program.subject(Store::Sqlite, "sierradb, each append synced at once", || open(true)).one().many();
    program.run()
}

/// Without `eager` it waits for 5 ms, 50 events or 4 KiB before it syncs, as it does by default.
async fn open(eager: bool) -> Done<Sierra> {
    let folder = file()?;
    std::fs::create_dir_all(&folder)?;
    let mut builder = DatabaseBuilder::new();
    builder.total_buckets(4).bucket_ids_from_range(0..4).compression(false).segment_size_bytes(64 * 1024 * 1024);
    if eager {
        builder.min_sync_bytes(1);
    }
    Ok(Sierra { database: Arc::new(builder.open(&folder)?), folder })
}

#[derive(Clone)]
struct Sierra {
    database: Arc<Database>,
    folder: PathBuf,
}

/// A stream, and where it is.
struct Place {
    stream: StreamId,
    key: Uuid,
    hash: u16,
}

impl Place {
    fn of(number: u64) -> Done<Self> {
        let name = account(number);
        let key = Uuid::new_v5(&NAMESPACE_PARTITION_KEY, name.as_bytes());
        Ok(Self { stream: StreamId::new(name)?, key, hash: uuid_to_partition_hash(key) })
    }

    fn partition(&self) -> u16 {
        self.hash % PARTITIONS
    }

    fn event(&self, version: u64, number: u64, event: &AccountEvent) -> Done<NewEvent> {
        Ok(NewEvent {
            event_id: uuid_v7_with_partition_hash(self.hash),
            stream_id: self.stream.clone(),
            stream_version: version.checked_sub(1).map_or(ExpectedVersion::Empty, ExpectedVersion::Exact),
            event_name: event.name().to_owned(),
            timestamp: 1_700_000_000_000_000_000 + number,
            metadata: Vec::new(),
            payload: serde_json::to_vec(event)?,
        })
    }
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { amount, reference }
    } else {
        AccountEvent::Deposited { amount, reference }
    }
}

impl Sierra {
    async fn account(&self, place: &Place) -> Done<Account> {
        let (stream, forward) = (place.stream.clone(), IterDirection::Forward);
        let mut events = self.database.read_stream(place.partition(), stream, 0, forward).await?;
        let mut account = Account::default();
        while let Some(batch) = events.next_batch(1_000).await? {
            for event in batch.into_iter().flatten() {
                account.apply(&serde_json::from_slice(&event.payload)?);
            }
        }
        Ok(account)
    }
}

impl Peer for Sierra {
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let place = Place::of(number)?;
        let account = self.account(&place).await?;
        let (amount, reference) = (amount(event), reference(event));
        let decided = if is_withdrawal(event) {
            account.withdraw(amount, reference)?
        } else {
            account.deposit(amount, reference)
        };
        let events = [place.event(account.count, event, &decided)?].into_iter().collect();
        self.database.append_events(Transaction::new(place.key, place.partition(), events)?).await?;
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let place = Place::of(number)?;
        let events = events.map(|number| place.event(number, number, &event(number))).collect::<Done<_>>()?;
        self.database.append_events(Transaction::new(place.key, place.partition(), events)?).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        Ok(self.account(&Place::of(number)?).await?.count)
    }

    async fn close(self) -> Done {
        self.database.shutdown().await;
        // A store takes a quarter of a gigabyte, however little is in it.
        Ok(std::fs::remove_dir_all(self.folder)?)
    }
}

impl Projects for Sierra {
    /// Partition by partition.
    async fn project(&mut self, _: u64) -> Done<u64> {
        let (mut balances, mut count) = (HashMap::<String, u64>::new(), 0);
        for partition in 0..PARTITIONS {
            let mut events = self.database.read_partition(partition, 0, IterDirection::Forward).await?;
            while let Some(batch) = events.next_batch(1_000).await? {
                for event in batch.into_iter().flatten() {
                    let balance = balances.entry(event.stream_id.to_string()).or_default();
                    match serde_json::from_slice(&event.payload)? {
                        AccountEvent::Deposited { amount, .. } => *balance += amount,
                        AccountEvent::Withdrawn { amount, .. } => *balance -= amount,
                    }
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}
