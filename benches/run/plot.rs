//! A plot of one workload: a bar for each subject, with the spread of its runs.

use std::fmt::Write as _;

use crate::measure::Figures;
use crate::report::short;

const WIDTH: f64 = 900.0;
const LABELS: f64 = 400.0;
const BAR: f64 = 16.0;
const LINE: f64 = 24.0;

/// The plot as SVG.
pub(crate) fn bars(title: &str, figures: &[&Figures]) -> String {
    let most = figures.iter().map(|figures| figures.most).fold(1.0, f64::max);
    let scale = (WIDTH - LABELS - 80.0) / most;
    let (mut body, mut y, mut what) = (String::new(), LINE, "");
    for figures in figures {
        if figures.what != what {
            what = &figures.what;
            y += LINE;
            let _ = writeln!(body, "<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{}</text>", escaped(what));
        }
        y += LINE;
        let (top, middle) = (y - BAR + 4.0, y - BAR / 2.0 + 4.0);
        let color = if figures.subject.starts_with("es") { "#2a6f97" } else { "#a9a9a9" };
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LABELS}\" y=\"{top}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{color}\"/>\n\
             <path d=\"M{:.1} {middle}H{:.1}\" stroke=\"black\"/>\n<text x=\"{:.1}\" y=\"{y}\">{}/s</text>",
            LABELS - 8.0,
            escaped(&figures.subject),
            figures.median * scale,
            LABELS + figures.least * scale,
            LABELS + figures.most * scale,
            LABELS + figures.most * scale + 6.0,
            short(figures.median),
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"15\">{}</text>\n{body}</svg>\n",
        y + LINE,
        escaped(title)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
