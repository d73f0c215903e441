//! J12: two streams never meet.

use super::given::{account, append, event, events, stream};
use super::harness::{Harness, did, open};
use super::seen::{after, ids, of_stream};
use crate::event::{CommandId, Position, StreamId, StreamIdError, Timestamp};
use crate::journal::{Filter, Journal, PageSize};

/// Ids that a store which folds, trims, normalises, escapes or cuts would take for one another.
fn nasty() -> Vec<String> {
    let texts = [
        "a",
        "A",
        "a ",
        " a",
        "a  ",
        "\ta",
        "a\n",
        "\u{e9}",
        "e\u{301}",
        "E\u{301}",
        "\u{c9}",
        "\u{fb01}",
        "fi",
        "\u{df}",
        "ss",
        "SS",
        "\u{131}",
        "i",
        "I",
        "\u{130}",
        "\u{3c3}",
        "\u{3c2}",
        "\u{3a3}",
        "a\u{200b}",
        "a\u{ad}",
        "\u{feff}a",
        "\u{ff41}",
        "%",
        "%%",
        "_",
        "__",
        "a%",
        "a_",
        "ab",
        "'",
        "''",
        "\"",
        "\"\"",
        "\\",
        "\\\\",
        "\\n",
        "\n",
        "/",
        "//",
        "a/",
        "/a",
        "a/b",
        "a-b",
        "a_b",
        "a.b",
        "a:b",
        "a;b",
        "a|b",
        "a b",
        "a+b",
        "a*b",
        "a?b",
        "$1",
        "?1",
        ":a",
        "@a",
        "#",
        "--",
        "/*",
        "*/",
        "`",
        "[a]",
        "{a}",
        "(",
        "0",
        "00",
        "-0",
        "1",
        "1.0",
        "01",
        "NULL",
        "null",
        "true",
        "\u{1f600}",
        "\u{10ffff}",
        "\u{1}",
        "\u{7f}",
        "\u{80}",
        "\u{202e}a",
        "..",
        ".",
        "../a",
        "%2F",
        "&amp;",
        "'; DROP TABLE event; --",
    ];
    let mut ids: Vec<String> = texts.map(str::to_owned).into();
    // As long as may be, and the same but for the last character.
    ids.extend(["x", "y"].map(|end| "i".repeat(254) + end));
    ids.push("i".repeat(254));
    ids.extend(["\u{e9}", "\u{eb}"].map(|end| "\u{e9}".repeat(126) + end));
    ids
}

pub(super) async fn j12_two_different_ids_never_meet<H: Harness>(place: H) {
    let store = open(&place).await;
    let streams: Vec<StreamId> = nasty().iter().map(|id| account(id)).collect();
    never_meet(&store, &streams).await;
}

pub(super) async fn j12_it_matters_where_the_name_of_the_aggregate_ends<H: Harness>(place: H) {
    let store = open(&place).await;
    let streams = [
        ("a", "b"),
        ("a", "b/c"),
        ("a-b", "c"),
        ("a_b", "c"),
        ("a.b", "c"),
        ("ab", "c"),
        ("a", "bc"),
        ("A", "b"),
        ("a", "B"),
        ("a", "/b"),
        ("a", "a/b"),
        ("a-", "b"),
        ("a", "-b"),
        ("a.", "b"),
        ("a", ".b"),
        ("a--", "b"),
        ("a", "--b"),
    ];
    never_meet(&store, &streams.map(|(aggregate, id)| stream(aggregate, id))).await;
    let all = super::seen::all(&store).await;
    for aggregate in ["a", "A", "ab", "a_b", "a-b", "a.b", "a-", "a.", "a--"] {
        let filter = Filter::none().aggregate(aggregate);
        let found = after(&store, Position::START, &filter, PageSize::events(3)).await;
        let of_it: Vec<_> = all.iter().filter(|seen| seen.stream.aggregate() == aggregate).cloned().collect();
        assert_eq!(found, of_it, "the events of the aggregate `{aggregate}`");
    }
}

/// Writes to each stream, in two rounds, and finds in each what was written to it.
async fn never_meet<J: Journal>(journal: &J, streams: &[StreamId]) {
    let commands: Vec<_> = streams.iter().map(|_| CommandId::new()).collect();
    let mut written = vec![Vec::new(); streams.len()];
    for round in 0..2 {
        for (index, stream) in streams.iter().enumerate() {
            let event = super::given::of_command(commands[index], event(index as u64));
            written[index].push(event.id);
            let appended = append(journal, stream, vec![event]).await;
            assert_eq!(appended.streams[0].versions, Some(round + 1..=round + 1), "`{stream}` is another stream too");
        }
    }
    for (index, stream) in streams.iter().enumerate() {
        let found = of_stream(journal, stream).await;
        assert_eq!(ids(&found), written[index], "the events of `{stream}`");
        assert_eq!(journal.version(stream).await.unwrap(), 2);
        assert_eq!(journal.version_at(stream, Timestamp::MAX).await.unwrap(), 2);
        for (other, command) in commands.iter().enumerate() {
            let found = journal.find_command(stream, *command).await.unwrap();
            assert_eq!(found.is_some(), other == index, "`{stream}` and `{}`", streams[other]);
        }
    }
    let mut all = ids(&super::seen::all(journal).await);
    all.sort_unstable();
    let mut written = written.concat();
    written.sort_unstable();
    assert_eq!(all, written);
    did(format_args!("{} streams", streams.len()));
}

pub(super) async fn j12_an_id_that_is_empty_or_too_long_is_refused<H: Harness>(place: H) {
    let store = open(&place).await;
    assert!(matches!(StreamId::new("account", ""), Err(StreamIdError::Empty { .. })));
    let longest = "i".repeat(StreamId::MAX_ID);
    assert!(matches!(
        StreamId::new("account", &(longest.clone() + "i")),
        Err(StreamIdError::TooLong { bytes: 256, .. })
    ));
    // The longest there may be, of the aggregate with the longest name, is stored as any other.
    let longest = stream(&"a".repeat(StreamId::MAX_AGGREGATE), &longest);
    append(&store, &longest, events(2)).await;
    assert_eq!(of_stream(&store, &longest).await.len(), 2);
}
