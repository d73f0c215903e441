//! A bar for each subject, with the spread of its runs.

use std::fmt::Write as _;

use super::{LINE, WIDTH, escaped};
use crate::measure::Figures;

const LABELS: f64 = 500.0;
const VALUES: f64 = 120.0;
const BAR: f64 = 14.0;

/// The drawing, and how high it is.
pub(super) fn draw(figures: &[&Figures]) -> (String, f64) {
    let (mut body, mut y, mut what, mut scale) = (String::new(), LINE, "", 1.0);
    for figure in figures {
        if figure.what != what {
            what = &figure.what;
            // What is one table is on one scale.
            let most = figures.iter().filter(|other| other.what == what).map(|other| other.most).fold(0.0, f64::max);
            scale = if most > 0.0 { (WIDTH - LABELS - VALUES) / most } else { 1.0 };
            y += LINE * 1.2;
            let _ = writeln!(body, "<text class=\"soft\" x=\"12\" y=\"{y}\">{}</text>", escaped(what));
        }
        y += LINE;
        let (top, middle) = (y - BAR + 3.0, y - BAR / 2.0 + 3.0);
        let color = u8::from(figure.subject.starts_with("es"));
        let most = LABELS + figure.most * scale;
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"s{color}\" x=\"{LABELS}\" y=\"{top}\" width=\"{:.1}\" height=\"{BAR}\"/>\n\
             <path class=\"spread\" d=\"M{:.1} {middle}H{most:.1}\"/>\n<text x=\"{:.1}\" y=\"{y}\">{}</text>",
            LABELS - 8.0,
            escaped(&figure.subject),
            figure.median * scale,
            LABELS + figure.least * scale,
            most + 8.0,
            figure.unit.show(figure.median),
        );
    }
    (body, y + LINE)
}
