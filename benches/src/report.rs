//! Medians, tables and targets.

use std::fmt::{self, Display};

/// Returns the median, or NaN without values.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => (values[length / 2 - 1] + values[length / 2]) / 2.0,
    }
}

/// A table with a head. The first column is text, the others are numbers.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table with these columns.
    pub fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Table {
        Table { rows: vec![head.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = f64>) {
        let mut row = vec![name.into()];
        row.extend(cells.into_iter().map(number));
        self.rows.push(row);
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        for (index, row) in self.rows.iter().enumerate() {
            for column in 0..columns {
                let cell = row.get(column).map_or("", String::as_str);
                match column {
                    0 => write!(out, "| {cell:<0$} |", width(0))?,
                    _ => write!(out, " {cell:>0$} |", width(column))?,
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
}

/// Formats a number with three significant digits, and NaN as a dash.
fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// A target: the maximum of a figure, usually the ratio of two figures of the same run.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name of the figure.
    pub what: &'static str,
    /// The maximum.
    pub limit: f64,
    /// The measured value, or NaN if it was not measured.
    pub measured: f64,
}

impl Target {
    /// Whether the figure was measured and does not exceed the maximum.
    pub fn is_met(&self) -> bool {
        self.measured <= self.limit
    }
}

impl Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.measured.is_nan(), self.is_met()) {
            (true, _) => "not measured",
            (false, true) => "ok",
            (false, false) => "MISSED",
        };
        write!(
            out,
            "{:<58} target {:>5} measured {:>6} {verdict}",
            self.what,
            number(self.limit),
            number(self.measured)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_two() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median([]).is_nan());
    }

    #[test]
    fn a_target_that_was_not_measured_is_not_met() {
        let target = |measured| Target { what: "", limit: 0.3, measured };
        assert!(target(0.17).is_met());
        assert!(!target(0.31).is_met());
        assert!(!target(f64::NAN).is_met());
    }
}
