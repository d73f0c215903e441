//! What a person finds in the file.

use es_core::prelude::*;

use crate::formats::{InInverted, InJson, InPostcard, Increase};
use crate::open;

#[tokio::test]
async fn json_is_a_text_and_other_formats_are_blobs() {
    let (_folder, store) = open().await;
    Repository::<InJson, _>::new(&store).execute("alice", Increase { by: 1 }).await.unwrap();
    Repository::<InPostcard, _>::new(&store).execute("alice", Increase { by: 2 }).await.unwrap();
    Repository::<InInverted, _>::new(&store).execute("alice", Increase { by: 3 }).await.unwrap();
    let sql = "SELECT event, event_version, typeof(payload), CAST(payload AS BLOB) FROM journal";
    let rows: Vec<(String, u32, String, Vec<u8>)> = store
        .read(move |db| {
            let mut query = db.prepare(sql)?;
            query.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
        })
        .await
        .unwrap();
    let row = |kind: &str, payload: &[u8]| ("increased".to_owned(), 1, kind.to_owned(), payload.to_vec());
    assert_eq!(
        rows,
        [
            row("text", br#"{"by":1,"note":null}"#),
            row("blob", &[2, 0]),
            row("blob", &br#"{"by":3,"note":null}"#.map(|byte| !byte)),
        ]
    );

    // The query of docs/evolution.md.
    let sql = "SELECT aggregate, name, kinds.version, format, count(*) AS events, min(position) AS first, max(position) AS last \
               FROM events JOIN kinds ON kinds.no = events.kind GROUP BY kinds.no ORDER BY 1, 2, 3, 4";
    let formats: Vec<(String, u64)> = store
        .read(move |db| {
            let mut query = db.prepare(sql)?;
            query.query_map((), |row| Ok((row.get(3)?, row.get::<_, i64>(4)?.unsigned_abs())))?.collect()
        })
        .await
        .unwrap();
    assert_eq!(formats, [("inverted".to_owned(), 1), ("json".to_owned(), 1), ("postcard".to_owned(), 1)]);
}
