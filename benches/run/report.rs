//! The figures as a table, as Markdown and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::machine::Facts;
use crate::measure::Figures;
use crate::plot;
use crate::unit::Unit;

/// All that a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Facts,
    pub(crate) figures: Vec<Figures>,
    pub(crate) failures: Vec<Failure>,
}

/// A workload that did not come to its end.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Failure {
    pub(crate) workload: String,
    pub(crate) error: String,
}

/// One line of the table on the screen.
pub(crate) fn line(figures: &Figures) -> String {
    let Figures { workload, subject, unit, median, least, most, runs, quiet, .. } = figures;
    let spread = if *runs > 1 { format!(" ({} to {})", unit.show(*least), unit.show(*most)) } else { String::new() };
    let ratio = ratio(figures);
    let ratio = if ratio.is_empty() { ratio } else { format!(", {ratio} of the first") };
    let verdict = verdict(figures);
    let verdict = if verdict.is_empty() { verdict } else { format!("; {verdict}") };
    format!("{workload:<16} {subject:<62} {:>9}{spread}{ratio}{verdict} [{quiet} of {runs} quiet]", unit.show(*median))
}

fn ratio(figures: &Figures) -> String {
    // Memory is held against a bound: its subjects do different things.
    if figures.first || figures.unit == Unit::Mebibytes { String::new() } else { format!("{:.2}", figures.ratio) }
}

fn verdict(figures: &Figures) -> String {
    let (Some(target), Some(reached)) = (figures.target, figures.reached) else { return String::new() };
    format!("{}: {}", target.show(figures.unit), if reached { "reached" } else { "**missed**" })
}

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}\n", self.machine);
        for Failure { workload, error } in &self.failures {
            let _ = writeln!(text, "**{workload} failed**: {}\n", error.replace('\n', " "));
        }
        let mut heading = "";
        for figures in &self.figures {
            if figures.what != heading {
                heading = &figures.what;
                let _ = writeln!(text, "\n**{}**: {heading}\n", figures.workload);
                text.push_str("| | median | from, to | of the first | target | quiet |\n|---|---|---|---|---|---|\n");
            }
            let Figures { subject, unit, median, least, most, runs, quiet, .. } = figures;
            let spread = match runs {
                1 => String::new(),
                _ => format!("{}, {}", unit.show(*least), unit.show(*most)),
            };
            let (median, ratio, verdict) = (unit.show(*median), ratio(figures), verdict(figures));
            let _ = writeln!(text, "| {subject} | {median} | {spread} | {ratio} | {verdict} | {quiet} of {runs} |");
        }
        text
    }

    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("results.md"), self.markdown())?;
        std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(self)?)?;
        let mut workloads: Vec<&str> = self.figures.iter().map(|figures| figures.workload).collect();
        workloads.dedup();
        for workload in workloads {
            let of: Vec<_> = self.figures.iter().filter(|figures| figures.workload == workload).collect();
            std::fs::write(folder.join(format!("{}.svg", workload.replace('/', "-"))), plot::svg(workload, &of))?;
        }
        Ok(())
    }
}
