//! The least that a program on SQLite does without a framework: read, decide, append.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Event {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Connection::open("accounts.db")?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE IF NOT EXISTS events (
             pos INTEGER PRIMARY KEY, stream TEXT, seq INTEGER, payload BLOB, UNIQUE (stream, seq)
         )",
    )?;
    let (mut balance, mut count) = (0, 0);
    let mut query = db.prepare("SELECT payload FROM events WHERE stream = 'a' ORDER BY seq")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        match serde_json::from_slice(row.get_ref(0)?.as_blob()?)? {
            Event::Deposited { amount, .. } => balance += amount,
            Event::Withdrawn { amount, .. } => balance -= amount,
        }
        count += 1;
    }
    let event = serde_json::to_vec(&Event::Deposited { amount: 1, reference: "r".to_owned() })?;
    db.execute("INSERT INTO events (stream, seq, payload) VALUES ('a', ?, ?)", (count, event))?;
    println!("{balance}");
    Ok(())
}
