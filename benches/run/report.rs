//! The figures as a table, as Markdown and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::machine::Facts;
use crate::measure::Figures;

#[derive(Serialize)]
struct Report<'a> {
    machine: &'a Facts,
    figures: &'a [Figures],
}

/// One line of the table on the screen.
pub(crate) fn line(figures: &Figures) -> String {
    let Figures { workload, subject, median, least, most, ratio, runs, quiet, .. } = figures;
    let (median, least, most) = (short(*median), short(*least), short(*most));
    let verdict = verdict(figures);
    format!(
        "{workload:<15} {subject:<52} {median:>7} ({least} to {most}), {ratio:.2}{verdict} [{quiet} of {runs} quiet]"
    )
}

fn verdict(figures: &Figures) -> String {
    match figures.target {
        Some(target) if figures.ratio >= target => format!(" of {target:.2}, reached"),
        Some(target) => format!(" of {target:.2}, missed"),
        None => String::new(),
    }
}

/// `12.3k`.
pub(crate) fn short(number: f64) -> String {
    match number {
        _ if number >= 1e6 => format!("{:.2}M", number / 1e6),
        _ if number >= 1e4 => format!("{:.0}k", number / 1e3),
        _ if number >= 1e3 => format!("{:.1}k", number / 1e3),
        _ => format!("{number:.0}"),
    }
}

pub(crate) fn markdown(machine: &Facts, figures: &[Figures]) -> String {
    let mut text = String::new();
    let Facts { date, commit, cores, processor, kernel, rustc, sqlite, syncs_per_second, load } = machine;
    let _ = writeln!(
        text,
        "Measured {date} at commit {commit}: {cores} cores ({processor}), {kernel}, {rustc}, SQLite {sqlite} in WAL mode with \
         `synchronous=FULL`; {syncs_per_second:.0} synced writes of 4 KiB a second; load {load} at the start.\n"
    );
    let mut heading = "";
    for figures in figures {
        if figures.what != heading {
            heading = &figures.what;
            let _ = writeln!(text, "\n**{}**: {heading}\n", figures.workload);
            text.push_str("| | median | from, to | of the first | target | quiet |\n|---|---|---|---|---|---|\n");
        }
        let Figures { subject, median, least, most, ratio, target, runs, quiet, .. } = figures;
        let (median, least, most) = (short(*median), short(*least), short(*most));
        let target = target.map_or_else(String::new, |target| {
            format!("{target:.2} {}", if *ratio >= target { "reached" } else { "**missed**" })
        });
        let _ =
            writeln!(text, "| {subject} | {median}/s | {least}, {most} | {ratio:.2} | {target} | {quiet} of {runs} |");
    }
    text
}

pub(crate) fn write(folder: &Path, machine: &Facts, figures: &[Figures]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("results.md"), markdown(machine, figures))?;
    std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(&Report { machine, figures })?)?;
    let mut workloads: Vec<&str> = figures.iter().map(|figures| figures.workload).collect();
    workloads.dedup();
    for workload in workloads {
        let of: Vec<_> = figures.iter().filter(|figures| figures.workload == workload).collect();
        std::fs::write(folder.join(format!("{}.svg", workload.replace('/', "-"))), crate::plot::bars(workload, &of))?;
    }
    Ok(())
}
