//! A line for each way to do the work, over clients, prior events or the size of the journal.

use std::fmt::Write as _;

use super::axis::Axis;
use super::{LINE, WIDTH, escaped};
use crate::measure::{Figures, Place};
use crate::unit::short;

const TOP: f64 = 56.0;
const BOTTOM: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 190.0;
/// The least distance between the names of two lines.
const APART: f64 = 16.0;

/// The drawing, and how high it is.
pub(super) fn draw(figures: &[&Figures], ticks: &[u64]) -> (String, f64) {
    let placed: Vec<(&Figures, &Place)> =
        figures.iter().filter_map(|figures| Some((*figures, figures.place.as_ref()?))).collect();
    let spreads = placed.iter().flat_map(|(figures, _)| [figures.least, figures.most]);
    let values: Vec<f64> = spreads.collect();
    let axis = Axis::of_values(&values, BOTTOM, TOP);
    let mut body = String::new();
    for (tick, text) in axis.ticks() {
        let y = axis.at(tick);
        let _ = writeln!(
            body,
            "<path class=\"faint\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\n\
             <text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    for place in ticks {
        let x = x_of(*place, ticks);
        let text = short(f64::from(u32::try_from(*place).unwrap_or(u32::MAX)));
        let _ = writeln!(
            body,
            "<path class=\"faint\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/>\n\
             <text class=\"soft\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            BOTTOM + 18.0
        );
    }
    if let Some((first, place)) = placed.first() {
        let _ = writeln!(
            body,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
             <text class=\"soft\" x=\"12\" y=\"44\">{}</text>",
            f64::midpoint(LEFT, RIGHT),
            BOTTOM + 38.0,
            place.axis,
            first.unit.axis()
        );
    }
    body.push_str(&lines(&placed, ticks, axis));
    (body, BOTTOM + 50.0)
}

/// Places stand evenly by their logarithm; 0 stands where a tenth of the next one would.
fn x_of(place: u64, ticks: &[u64]) -> f64 {
    let logarithm = |place: u64| f64::from(u32::try_from(place).unwrap_or(u32::MAX)).ln();
    let above_zero = ticks.iter().copied().find(|place| *place > 0).unwrap_or(1);
    let place_of = |place: u64| if place == 0 { logarithm(above_zero) - 10_f64.ln() } else { logarithm(place) };
    let (first, last) = (ticks.first().copied().unwrap_or(0), ticks.last().copied().unwrap_or(1));
    let part = (place_of(place) - place_of(first)) / (place_of(last) - place_of(first));
    LEFT + 16.0 + part * (RIGHT - LEFT - 32.0)
}

fn lines(placed: &[(&Figures, &Place)], ticks: &[u64], axis: Axis) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (_, place) in placed {
        if !names.contains(&place.line) {
            names.push(place.line);
        }
    }
    let (mut body, mut ends) = (String::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        let color = color(name, number);
        let mut path = String::new();
        for (figures, _) in placed.iter().filter(|(_, place)| place.line == *name) {
            let x = figures.place.as_ref().map_or(LEFT, |place| x_of(place.x, ticks));
            let y = axis.at(figures.median);
            let (least, most) = (axis.at(figures.least), axis.at(figures.most));
            let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { 'M' } else { 'L' });
            let _ = writeln!(
                body,
                "<path class=\"s{color}\" d=\"M{x:.1} {least:.1}V{most:.1}\" stroke-opacity=\"0.5\"/>\n\
                 <circle class=\"s{color}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"
            );
            if figures.place.as_ref().is_some_and(|place| Some(&place.x) == ticks.last()) {
                ends.push((y, color, *name, figures.unit.show(figures.median)));
            }
        }
        let _ = writeln!(body, "<path class=\"s{color}\" d=\"{path}\" style=\"fill:none\" stroke-width=\"2\"/>");
    }
    // The names stand at the ends of the lines, but not on each other.
    ends.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let mut free = TOP - LINE;
    for (y, color, name, value) in ends {
        let y = (y + 4.0).max(free + APART);
        free = y;
        let _ = writeln!(
            body,
            "<text class=\"s{color}\" x=\"{:.1}\" y=\"{y:.1}\">{}, {value}</text>",
            RIGHT + 8.0,
            escaped(name)
        );
    }
    body
}

/// By hand is gray, es is blue; further ones have colors of their own.
fn color(name: &str, number: usize) -> usize {
    match name {
        "by hand" => 0,
        "es" => 1,
        _ => 1 + number % 5,
    }
}
