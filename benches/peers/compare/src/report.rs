//! The figures as a table: on the screen, as Markdown and as JSON.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::Done;
use crate::figures::{Figures, short};
use crate::library::Library;
use crate::machine::Facts;

/// All that a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Facts,
    pub(crate) libraries: Vec<Library>,
    pub(crate) absent: Vec<Absent>,
    pub(crate) figures: Vec<Figures>,
}

/// A program that was wanted, and is not there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Absent {
    pub(crate) program: String,
    pub(crate) why: String,
}

impl fmt::Display for Absent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is left out: {}", self.program, self.why)
    }
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

/// A peer against es, in the words of the table: how many times as fast es is. Nothing where es or the peer did nothing.
fn times(figures: &Figures) -> String {
    match 1.0 / figures.ratio {
        times if !times.is_finite() => String::new(),
        times if times < 1.0 => format!("**{times:.2}**"),
        times if times < 10.0 => format!("{times:.1}"),
        times => format!("{times:.0}"),
    }
}

/// Before the figures: what they were measured on, and what was measured.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, libraries, absent, .. } = self;
        writeln!(formatter, "{machine} Where es is slower, the last number but one is bold.\n")?;
        formatter.write_str("| program | versions | packages | lines of the domain |\n|---|---|---|---|")?;
        for Library { name, versions, packages, domain_lines } in libraries {
            write!(formatter, "\n| {name} | {} | {packages} | {domain_lines} |", versions.join(", "))?;
        }
        for Absent { program, why } in absent {
            write!(formatter, "\n| {program} | left out: {} | | |", cell(why))?;
        }
        Ok(())
    }
}

impl Report {
    /// What went wrong, a line each.
    pub(crate) fn failures(&self) -> impl Iterator<Item = String> {
        let absent = self.absent.iter().map(ToString::to_string);
        absent.chain(self.figures.iter().filter_map(|Figures { workload, what, subject, error, .. }| {
            error.as_ref().map(|error| format!("{subject}: {workload}, {what}: failed: {error}"))
        }))
    }

    fn markdown(&self) -> String {
        let mut text = format!("{self}\n");
        let (mut workload, mut what) = ("", "");
        for figures in &self.figures {
            if (workload, what) != (&figures.workload, &figures.what) {
                // es is the first of a workload.
                (workload, what) = (&figures.workload, &figures.what);
                text += &format!("\n**{workload}**: {what}; es: {}\n\n", rate(figures));
                text += "| | median | from, to | es is .. times as fast | quiet |\n|---|---|---|---|---|\n";
                continue;
            }
            let Figures { subject, least, most, runs, quiet, error, .. } = figures;
            text += &match error {
                Some(_) => format!("| {subject} | {} | | | |\n", rate(figures)),
                None => format!(
                    "| {subject} | {}{} | {}, {} | {} | {quiet} of {runs} |\n",
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

    pub(crate) fn write(&self, folder: &Path) -> Done {
        std::fs::write(folder.join("results.md"), self.markdown())?;
        std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(self)?)?;
        Ok(())
    }
}

fn rate(figures: &Figures) -> String {
    match &figures.error {
        Some(error) => format!("failed: {}", cell(error)),
        None => format!("{}/s", short(figures.median)),
    }
}

/// A text as a cell of a table has it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
