//! The figures as a table: on the screen, as Markdown and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::Done;
use crate::figures::{Figures, short};
use crate::library::Library;
use crate::machine::Facts;

#[derive(Serialize)]
struct Report<'a> {
    machine: &'a Facts,
    libraries: &'a [Library],
    figures: &'a [Figures],
}

/// One line of the table on the screen.
pub(crate) fn line(figures: &Figures) -> String {
    let Figures { subject, median, least, most, ratio, runs, quiet, error, .. } = figures;
    if let Some(error) = error {
        return format!("{subject:<40} failed: {error}");
    }
    let (median, least, most) = (short(*median), short(*least), short(*most));
    let failed = failed(figures);
    format!("{subject:<40} {median:>7} ({least} to {most}), {ratio:.3} of es{failed} [{quiet} of {runs} quiet]")
}

fn failed(figures: &Figures) -> String {
    if figures.failed == 0 { String::new() } else { format!(", {} commands failed", figures.failed) }
}

/// A peer against es, in the words of the table: how many times as fast es is.
fn times(figures: &Figures) -> String {
    match 1.0 / figures.ratio {
        times if times < 1.0 => format!("**{times:.2}**"),
        times if times < 10.0 => format!("{times:.1}"),
        times => format!("{times:.0}"),
    }
}

fn markdown(machine: &Facts, libraries: &[Library], figures: &[Figures]) -> String {
    let mut text = String::new();
    let Facts { date, commit, cores, processor, kernel, rustc, syncs_per_second, load } = machine;
    let _ = writeln!(
        text,
        "Measured {date} at commit {commit}: {cores} cores ({processor}), {kernel}, {rustc}; {syncs_per_second:.0} synced \
         writes of 4 KiB a second; load {load} at the start. Where es is slower, the last number but one is bold.\n"
    );
    let _ = writeln!(text, "| program | versions | packages | lines of the domain |\n|---|---|---|---|");
    for Library { name, versions, packages, domain_lines } in libraries {
        let _ = writeln!(text, "| {name} | {} | {packages} | {domain_lines} |", versions.join(", "));
    }
    let mut heading = "";
    let mut es = None;
    for figures in figures {
        if figures.what != heading || es.is_none_or(|es: &Figures| es.workload != figures.workload) {
            // Its first subject.
            (heading, es) = (&figures.what, Some(figures));
            let _ = writeln!(text, "\n**{}**: {heading}; es: {}\n", figures.workload, rate(figures));
            text.push_str("| | median | from, to | es is .. times as fast | quiet |\n|---|---|---|---|---|\n");
            continue;
        }
        let Figures { subject, least, most, runs, quiet, error, .. } = figures;
        let _ = match error {
            Some(error) => writeln!(text, "| {subject} | failed: {error} | | | |"),
            None => writeln!(
                text,
                "| {subject} | {}{} | {}, {} | {} | {quiet} of {runs} |",
                rate(figures),
                failed(figures),
                short(*least),
                short(*most),
                times(figures)
            ),
        };
    }
    text
}

fn rate(figures: &Figures) -> String {
    match &figures.error {
        Some(error) => format!("failed: {error}"),
        None => format!("{}/s", short(figures.median)),
    }
}

pub(crate) fn write(folder: &Path, machine: &Facts, libraries: &[Library], figures: &[Figures]) -> Done {
    std::fs::write(folder.join("results.md"), markdown(machine, libraries, figures))?;
    let report = serde_json::to_string_pretty(&Report { machine, libraries, figures })?;
    std::fs::write(folder.join("results.json"), report)?;
    Ok(())
}
