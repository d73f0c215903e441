//! Lines of JSON in a file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use es_core::prelude::*;
use es_core::testing::published;
use es_core::{OutboxMessage, PublishErrorKind, Publisher, SyncPolicy};

use crate::domain::{Account, BankNews, Increased};

fn messages() -> Vec<OutboxMessage> {
    published::<Account, _>(BankNews, "alice", [1, 2, 3].map(|by| Increased { by })).unwrap()
}

/// A file of its own; removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("es-lines-{}", EventId::new()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("news.jsonl")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn write(lines: &JsonLines, messages: &[OutboxMessage]) {
    for message in messages {
        lines.send(message).await.unwrap();
    }
    lines.flush().await.unwrap();
}

fn content(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

fn json(messages: &[OutboxMessage]) -> Vec<String> {
    messages.iter().map(|message| message.json.clone()).collect()
}

#[tokio::test]
async fn lines_are_added_at_the_end() {
    let place = Place::new();
    let messages = messages();
    write(&JsonLines::file(place.file()), &messages[..1]).await;
    write(&JsonLines::file(place.file()).sync(SyncPolicy::Never), &messages[1..]).await;
    assert_eq!(content(&place.file()), json(&messages));
}

#[tokio::test]
async fn a_line_that_was_torn_anywhere_is_cut_off_and_never_mixed_with_the_next() {
    let place = Place::new();
    let messages = messages();
    for length in 1..=messages[1].json.len() {
        let torn = format!("{}\n{}", messages[0].json, &messages[1].json[..length]);
        std::fs::write(place.file(), torn).unwrap();
        write(&JsonLines::file(place.file()), &messages[1..]).await;
        assert_eq!(content(&place.file()), json(&messages), "torn after {length} bytes");
    }
    // The first line, and what a power cut may leave.
    for torn in [messages[0].json.as_bytes()[..30].to_vec(), vec![0; 100], b"{\"specv\0\0\0\0\0\0\0\0\0\0\0".to_vec()] {
        std::fs::write(place.file(), torn).unwrap();
        write(&JsonLines::file(place.file()), &messages).await;
        assert_eq!(content(&place.file()), json(&messages));
    }
}

#[tokio::test]
async fn a_long_torn_line_is_found_to_its_beginning() {
    let place = Place::new();
    let messages = messages();
    let torn = format!("{}\n{}{}", messages[0].json, &messages[1].json[..60], "x".repeat(200_000));
    std::fs::write(place.file(), torn).unwrap();
    write(&JsonLines::file(place.file()), &messages[1..]).await;
    assert_eq!(content(&place.file()), json(&messages));
}

#[tokio::test]
async fn another_ones_text_is_left_alone() {
    let place = Place::new();
    std::fs::write(place.file(), "a text of mine, without an end").unwrap();
    let lines = JsonLines::file(place.file());
    lines.send(&messages()[0]).await.unwrap();
    let error = lines.flush().await.unwrap_err();
    assert!(error.to_string().contains("is not a public event"), "{error}");
    assert_eq!(std::fs::read_to_string(place.file()).unwrap(), "a text of mine, without an end");
}

#[tokio::test]
async fn a_file_is_one_publishers_at_a_time() {
    let place = Place::new();
    let messages = messages();
    let (one, two) = (JsonLines::file(place.file()), JsonLines::file(place.file()));
    write(&one, &messages[..1]).await;
    two.send(&messages[1]).await.unwrap();
    let error = two.flush().await.unwrap_err();
    assert_eq!(error.kind(), PublishErrorKind::Unavailable);
    assert!(error.to_string().contains("another program is writing to it"), "{error}");
    drop(one);
    write(&two, &messages[1..2]).await;
    assert_eq!(content(&place.file()), json(&messages[..2]));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_not_the_messages_fault() {
    let place = Place::new();
    let lines = JsonLines::file(place.file().join("no-folder").join("news.jsonl"));
    lines.send(&messages()[0]).await.unwrap();
    assert_eq!(lines.flush().await.unwrap_err().kind(), PublishErrorKind::Unavailable);
    assert!(format!("{lines:?}").contains("news.jsonl"));
}

/// A writer whose bytes can be looked at.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn lines_go_to_any_writer() {
    let (shared, messages) = (Shared::default(), messages());
    write(&JsonLines::writer(shared.clone()), &messages).await;
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().map(str::to_owned).collect::<Vec<_>>(), json(&messages));
}

/// A writer that takes a part, and then fails, once.
struct Tearing(Shared, u32);

impl Write for Tearing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1 += 1;
        match self.1 {
            1 => self.0.write(&bytes[..bytes.len() / 2]),
            2 => Err(std::io::Error::other("it is full")),
            _ => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_line_that_a_writer_tore_stands_alone() {
    let (shared, messages) = (Shared::default(), messages());
    let lines = JsonLines::writer(Tearing(shared.clone(), 0));
    lines.send(&messages[0]).await.unwrap();
    assert!(lines.flush().await.is_err());
    write(&lines, &messages).await;
    write(&lines, &messages[..1]).await;
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    let (torn, rest) = text.split_once('\n').unwrap();
    assert!(messages[0].json.starts_with(torn));
    let whole = [json(&messages), json(&messages[..1])].concat();
    assert_eq!(rest.lines().map(str::to_owned).collect::<Vec<_>>(), whole);
}
