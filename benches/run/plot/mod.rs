//! A plot of one workload, as SVG that reads well on light and on dark pages.

mod axis;
mod bars;
mod lines;

use crate::measure::Figures;

const WIDTH: f64 = 900.0;
const LINE: f64 = 24.0;

/// Lines where the workload is measured at several places of an axis, and bars otherwise.
pub(crate) fn svg(title: &str, figures: &[&Figures]) -> String {
    let mut places: Vec<u64> = figures.iter().filter_map(|figures| Some(figures.place.as_ref()?.x)).collect();
    places.sort_unstable();
    places.dedup();
    let (body, height) = if places.len() > 1 { lines::draw(figures, &places) } else { bars::draw(figures) };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"16\">{}</text>\n{body}</svg>\n",
        escaped(title)
    )
}

/// `s0` to `s5` are the colors of the lines, told apart by those who see no red or green too.
const STYLE: &str = "
.page{fill:#ffffff} text{fill:#1f2328} .faint{stroke:#d8dee4} .spread{stroke:#1f2328} .soft{fill:#59636e}
.s0{fill:#6e7781;stroke:#6e7781} .s1{fill:#0969da;stroke:#0969da} .s2{fill:#a35200;stroke:#a35200}
.s3{fill:#8250df;stroke:#8250df} .s4{fill:#1a7f37;stroke:#1a7f37} .s5{fill:#bf3989;stroke:#bf3989}
text.s0,text.s1,text.s2,text.s3,text.s4,text.s5{stroke:none}
@media (prefers-color-scheme:dark){
.page{fill:#0d1117} text{fill:#e6edf3} .faint{stroke:#30363d} .spread{stroke:#e6edf3} .soft{fill:#9198a1}
.s0{fill:#8b949e;stroke:#8b949e} .s1{fill:#58a6ff;stroke:#58a6ff} .s2{fill:#f0883e;stroke:#f0883e}
.s3{fill:#bc8cff;stroke:#bc8cff} .s4{fill:#3fb950;stroke:#3fb950} .s5{fill:#f778ba;stroke:#f778ba}
}
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
