//! Bar charts as SVG, readable on light and dark backgrounds.

use std::fmt::Write as _;

use crate::table::number;

/// A chart: a group of bars for each entry. Each group has its own scale, in which the longest bar
/// has the full width, so that entries of different sizes are comparable by their ratios.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The heading.
    pub title: String,
    /// What the bars are, with the unit.
    pub subtitle: String,
    /// The groups.
    pub groups: Vec<Group>,
}

/// A group of bars.
#[derive(Clone, Debug)]
pub struct Group {
    /// The label on its left.
    pub label: String,
    /// The name and the value of each bar.
    pub bars: Vec<(String, f64)>,
}

const WIDTH: usize = 860;
/// The left end of the bars.
const LEFT: usize = 320;
/// The length of the longest bar.
const LENGTH: f64 = 400.0;
const BAR: usize = 13;
const GAP: usize = 14;
const HEAD: usize = 84;

/// Colours and text of light and dark backgrounds. The colours of bars suit both.
const STYLE: &str = "\
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-size: 17px; font-weight: 600 }
    .small { font-size: 11px; fill: #57606a }
    .floor { fill: #9aa4af } .ours { fill: #2da44e } .other { fill: #bf6a3d } .more { fill: #d9a441 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9da7b1 } }
";

impl Chart {
    /// Returns the SVG.
    pub fn svg(&self) -> String {
        let height_of = |group: &Group| group.bars.len() * BAR + GAP;
        let height = HEAD + self.groups.iter().map(height_of).sum::<usize>();
        let mut svg = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut svg, height);
        svg
    }

    fn write(&self, svg: &mut String, height: usize) -> std::fmt::Result {
        let (title, subtitle) = (escape(&self.title), escape(&self.subtitle));
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">"
        )?;
        writeln!(svg, "<style>\n{STYLE}</style>")?;
        writeln!(svg, "<text class=\"title\" x=\"16\" y=\"26\">{title}</text>")?;
        writeln!(svg, "<text class=\"small\" x=\"16\" y=\"44\">{subtitle}</text>")?;
        self.write_legend(svg)?;
        let mut top = HEAD;
        for group in &self.groups {
            let middle = top + group.bars.len() * BAR / 2 + 4;
            let label = escape(&group.label);
            let x = LEFT - 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{middle}\" text-anchor=\"end\">{label}</text>")?;
            let longest = group.bars.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
            for (name, value) in &group.bars {
                let (class, length) = (class(name), (LENGTH * value / longest).max(1.0));
                let (bar, text, end) = (BAR - 2, top + BAR - 3, LEFT as f64 + length + 6.0);
                writeln!(
                    svg,
                    "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" \
                     height=\"{bar}\"/><text class=\"small\" x=\"{end:.1}\" y=\"{text}\">{}</text>",
                    number(Some(*value))
                )?;
                top += BAR;
            }
            top += GAP;
        }
        writeln!(svg, "</svg>")
    }

    fn write_legend(&self, svg: &mut String) -> std::fmt::Result {
        let mut names: Vec<&str> = vec![];
        for (name, _) in self.groups.iter().flat_map(|group| &group.bars) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut x = 16;
        for name in names {
            let (class, text) = (class(name), x + 16);
            writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"56\" width=\"11\" height=\"11\"/>\
                 <text class=\"small\" x=\"{text}\" y=\"66\">{}</text>",
                escape(name)
            )?;
            x += 34 + 7 * name.chars().count();
        }
        Ok(())
    }
}

/// Returns the class of the bars of a participant.
fn class(name: &str) -> &'static str {
    match name {
        "ours" => "ours",
        "rmcp stdio_pipes()" => "more",
        name if name.starts_with("rmcp") => "other",
        _ => "floor",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_has_the_full_length_and_the_others_their_share() {
        let bars = vec![("ours".to_owned(), 1.0), ("rmcp".to_owned(), 4.0)];
        let group = Group { label: "echo < 1 KiB".to_owned(), bars };
        let chart =
            Chart { title: "CPU".to_owned(), subtitle: "µs".to_owned(), groups: vec![group] };
        let svg = chart.svg();
        assert!(svg.contains("class=\"ours\" x=\"320\" y=\"84\" width=\"100.0\""), "{svg}");
        assert!(svg.contains("class=\"other\" x=\"320\" y=\"97\" width=\"400.0\""), "{svg}");
        assert!(svg.contains("echo &lt; 1 KiB"), "{svg}");
    }
}
