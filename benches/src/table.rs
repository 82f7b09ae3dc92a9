//! Tables of figures: a row for each workload, a column for each participant, and columns with
//! ratios. They are kept in `benches/results/figures.json` and shown as Markdown.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The key, which is unique among the tables of all benches.
    pub key: String,
    /// What the figures are, with their unit.
    pub title: String,
    /// The participants.
    pub columns: Vec<String>,
    /// The pairs of participants whose ratio has a column.
    pub ratios: Vec<(String, String)>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Notes below the table, such as why a participant has no figure.
    pub notes: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The figure of each participant, or `None` if it has none.
    pub figures: Vec<Option<f64>>,
}

impl Table {
    /// Creates a table without rows.
    pub fn new(key: impl Into<String>, title: impl Into<String>, columns: &[&str]) -> Table {
        Table {
            key: key.into(),
            title: title.into(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            ratios: vec![],
            rows: vec![],
            notes: vec![],
        }
    }

    /// Adds columns with the ratios of these pairs, as far as both are in the table.
    pub fn ratios(mut self, pairs: &[(&str, &str)]) -> Table {
        let has = |name: &str| self.columns.iter().any(|column| column == name);
        let pairs = pairs.iter().filter(|(one, other)| has(one) && has(other));
        self.ratios = pairs.map(|&(one, other)| (one.to_owned(), other.to_owned())).collect();
        self
    }

    /// Adds notes below the table.
    pub fn notes(mut self, notes: &[&str]) -> Table {
        self.notes.extend(notes.iter().map(|&note| note.to_owned()));
        self
    }

    /// Adds a row.
    pub fn row(&mut self, name: impl Into<String>, figures: impl IntoIterator<Item = Option<f64>>) {
        let figures = figures.into_iter().map(|figure| figure.filter(|figure| figure.is_finite()));
        self.rows.push(Row { name: name.into(), figures: figures.collect() });
    }

    /// Returns a figure, or `None` if it was not measured.
    pub fn figure(&self, row: &str, column: &str) -> Option<f64> {
        let row = self.rows.iter().find(|candidate| candidate.name == row)?;
        self.of_column(row, column)
    }

    fn of_column(&self, row: &Row, column: &str) -> Option<f64> {
        let place = self.columns.iter().position(|candidate| candidate == column)?;
        row.figures.get(place).copied().flatten()
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let ratios = self.ratios.iter().map(|(one, other)| format!("{one} / {other}"));
        let head = [String::new()].into_iter().chain(self.columns.iter().cloned()).chain(ratios);
        let row = |row: &Row| {
            let ratio = |(one, other): &(String, String)| {
                Some(self.of_column(row, one)? / self.of_column(row, other)?)
            };
            let figures = row.figures.iter().copied().chain(self.ratios.iter().map(ratio));
            [row.name.clone()].into_iter().chain(figures.map(number)).collect()
        };
        [head.collect()].into_iter().chain(self.rows.iter().map(row)).collect()
    }
}

/// Markdown: the title, the table and its notes.
impl Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "**{}**\n", self.title)?;
        write_cells(out, &self.cells())?;
        if !self.notes.is_empty() {
            writeln!(out)?;
        }
        for note in &self.notes {
            writeln!(out, "{}", wrap("- ", note))?;
        }
        Ok(())
    }
}

/// Writes a Markdown table with aligned columns: the first is text, the others are numbers.
pub fn write_cells(out: &mut dyn fmt::Write, rows: &[Vec<String>]) -> fmt::Result {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let width =
        |column| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    for (index, row) in rows.iter().enumerate() {
        for column in 0..columns {
            match column {
                0 => write!(out, "| {:<1$} |", cell(row, column), width(0))?,
                _ => write!(out, " {:>1$} |", cell(row, column), width(column))?,
            }
        }
        writeln!(out)?;
        if index == 0 {
            write!(out, "|{}|", "-".repeat(width(0) + 2))?;
            for column in 1..columns {
                write!(out, "{}:|", "-".repeat(width(column) + 1))?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Wraps prose at 100 columns. The first line begins with `prefix`, the others with as many spaces.
pub fn wrap(prefix: &str, prose: &str) -> String {
    let (mut text, mut column) = (prefix.to_owned(), prefix.len());
    for word in prose.split_whitespace() {
        let width = word.chars().count();
        if column + width > 100 {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', prefix.len()));
            column = prefix.len();
        }
        text.push_str(word);
        text.push(' ');
        column += width + 1;
    }
    text.truncate(text.trim_end().len());
    text
}

/// Formats a number with three significant digits, and an absent one as a dash.
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 0.1 => format!("{value:.3}"),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => thousands(value),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the median, or `None` without values.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[length / 2]),
        length => Some((values[length / 2 - 1] + values[length / 2]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_two() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }

    #[test]
    fn prose_is_wrapped_at_100_columns_and_indented() {
        let text = wrap("- ", &"words ".repeat(40));
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        assert!(text.starts_with("- words") && text.contains("\n  words"), "{text}");
    }

    #[test]
    fn numbers_have_three_significant_digits_and_an_absent_one_is_a_dash() {
        let texts = [Some(0.05), Some(1.234), Some(45.67), Some(1_234_567.8), None].map(number);
        assert_eq!(texts, ["0.050", "1.23", "45.7", "1,234,568", "–"]);
    }

    #[test]
    fn a_ratio_has_a_column_and_is_absent_without_one_of_its_figures() {
        let mut table = Table::new("key", "CPU, µs", &["ours", "rmcp"]).ratios(&[("ours", "rmcp")]);
        table.row("echo", [Some(1.0), Some(4.0)]);
        table.row("list", [Some(1.0), None]);
        let text = table.to_string();
        assert!(text.contains("| echo | 1.00 | 4.00 |        0.25 |"), "{text}");
        assert!(text.contains("| list | 1.00 |    – |           – |"), "{text}");
        assert_eq!(table.figure("echo", "rmcp"), Some(4.0));
        assert_eq!(table.figure("list", "rmcp"), None);
    }
}
