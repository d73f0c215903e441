use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::folder::{Folder, SAMPLE, figures, long_log};

/// What the log has, counted without the program.
struct Counted {
    /// How often each activity was scheduled, started and completed.
    activities: BTreeMap<String, [u64; 3]>,
    applications: usize,
    /// Work that was scheduled while it waited, started while it was in hand, or completed while it was not.
    irregular_work: u64,
    decided_again: u64,
}

fn count(log: &str) -> Counted {
    let (mut activities, mut applications) = (BTreeMap::<_, [u64; 3]>::new(), BTreeSet::new());
    let (mut waiting, mut in_hand, mut decided) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut irregular_work, mut decided_again) = (0, 0);
    for line in log.lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let [application, _, activity, transition, ..] = fields[..] else { panic!("{line}") };
        applications.insert(application);
        let at = ["SCHEDULE", "START", "COMPLETE"].iter().position(|name| *name == transition).unwrap();
        activities.entry(activity.to_owned()).or_default()[at] += 1;
        let item = (application, activity);
        if activity.starts_with("W_") {
            let regular = match at {
                0 => waiting.insert(item),
                1 => {
                    waiting.remove(&item);
                    in_hand.insert(item)
                }
                _ => in_hand.remove(&item),
            };
            irregular_work += u64::from(!regular);
        } else if ["A_APPROVED", "A_DECLINED", "A_CANCELLED"].contains(&activity) {
            decided_again += u64::from(!decided.insert(application));
        }
    }
    Counted { activities, applications: applications.len(), irregular_work, decided_again }
}

/// The numbers of the report's line that begins with `activity`, the irregular ones left out.
fn shown(report: &str, activity: &str) -> Vec<u64> {
    let line = report.lines().find(|line| line.starts_with(&format!("{activity} "))).unwrap_or_default();
    // The columns are as wide as their heads.
    let heads = report.lines().find(|line| line.starts_with("Activity ")).unwrap();
    let end = |head: &str| heads.find(head).unwrap() + head.len();
    let ends = [end("scheduled"), end("started"), end("completed")];
    let starts = [ends[0] - 9, ends[0], ends[1]];
    starts.iter().zip(ends).map(|(start, end)| line[*start..end].trim().replace(',', "").parse().unwrap_or(0)).collect()
}

#[test]
fn the_report_has_the_figures_of_the_log() {
    let folder = Folder::new();
    let report = folder.ok("");
    let counted = count(SAMPLE);
    assert!(counted.irregular_work > 0 && counted.decided_again > 0, "the sample has something to find");
    let events = SAMPLE.lines().count() - 1;
    let first = format!("{events} events of {} applications in loans-sample.db", counted.applications);
    assert_eq!(report.lines().next(), Some(first.as_str()));
    for (activity, times) in &counted.activities {
        assert_eq!(shown(&report, activity), times, "{activity}: {report}");
    }
    let irregular = counted.irregular_work + counted.decided_again;
    assert!(report.contains(&format!("\n{irregular} lines break a rule")), "{report}");
    assert!(report.contains(&format!("{}  an application is decided once", counted.decided_again)), "{report}");
    assert_eq!(folder.ok("--irregular").lines().count() as u64, irregular);
    let plot = report.split_once("Applications a day\n").unwrap().1;
    assert!(plot.contains('\u{2588}') && plot.trim_end().ends_with("Jan                     Feb"), "{plot}");
    assert!(plot.lines().all(|line| line.chars().count() <= 80));
    assert!(folder.ok("--report --ascii").is_ascii());
}

#[test]
fn a_second_run_imports_nothing_and_says_the_same() {
    let folder = Folder::new();
    let first = folder.run("");
    assert_eq!(first.err, format!("{} lines imported\n", SAMPLE.lines().count() - 1));
    let second = folder.run("");
    assert_eq!((second.err.as_str(), second.out.as_str()), ("all lines were imported before\n", first.out.as_str()));
    assert_eq!(folder.ok("--report"), first.out);
    assert_eq!(folder.ok("--fresh"), first.out);
}

#[test]
fn a_compressed_log_is_the_same_log() {
    let folder = Folder::new();
    folder.write("log.csv", SAMPLE);
    // In two parts, as `cat a.gz b.gz` makes it.
    let (one, two) = SAMPLE.as_bytes().split_at(30_000);
    let mut bytes = Vec::new();
    for part in [one, two] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        bytes.extend(encoder.finish().unwrap());
    }
    folder.write("log.csv.gz", bytes);
    let plain = folder.ok("log.csv");
    let compressed = folder.run("log.csv.gz");
    assert_eq!((compressed.err.as_str(), compressed.out), ("all lines were imported before\n", plain));
}

#[test]
fn a_log_that_has_grown_is_imported_further() {
    let folder = Folder::new();
    let whole = long_log(3);
    let lines: Vec<_> = whole.lines().collect();
    folder.write("whole.csv", &whole);
    let expected = folder.ok("whole.csv");
    let mut before = 0;
    for end in [1, 700, 1_950, lines.len()] {
        folder.write("log.csv", lines[..end].join("\n"));
        let says = match (before, end) {
            (_, 1) => "there is no line to import".to_owned(),
            (1, _) => format!("{} lines imported", end - 1),
            _ => format!("{} lines imported, after line {before}, where an import had ended before", end - before),
        };
        assert_eq!(folder.run("log.csv").err.trim_end(), says);
        before = end;
    }
    assert_eq!(figures(&folder.ok("log.csv --report")), figures(&expected));
}
