//! The samples of a run as tables: a row for each workload, a column for each server, and columns
//! with ratios.

use crate::{
    load::Sample,
    report::{Table, median},
    session::Server,
};

/// The samples of all workloads.
#[derive(Clone, Debug)]
pub struct Figures<'a> {
    /// The measured servers.
    pub servers: &'a [Server],
    /// The name of each workload, and the samples for each server.
    pub rows: Vec<(&'static str, Vec<Vec<Sample>>)>,
    /// The pairs of names whose ratio has a column.
    pub ratios: &'a [(&'a str, &'a str)],
}

impl Figures<'_> {
    /// Returns the head of the table.
    pub fn head(&self) -> Vec<String> {
        let names = self.servers.iter().map(|server| server.name.clone());
        let ratios = self.ratios.iter().map(|(one, other)| format!("{one}/{other}"));
        ["workload".to_owned()].into_iter().chain(names).chain(ratios).collect()
    }

    /// Creates a table of the medians of one figure.
    pub fn table(&self, figure: impl Fn(&Sample) -> f64 + Copy) -> Table {
        let mut table = Table::new(self.head());
        for (name, _) in &self.rows {
            table.row(*name, self.with_ratios(&self.medians(name, figure)));
        }
        table
    }

    /// Returns the median of one figure of a workload for each server.
    pub fn medians(&self, name: &str, figure: impl Fn(&Sample) -> f64 + Copy) -> Vec<f64> {
        let row = self.rows.iter().find(|(row, _)| *row == name);
        let samples = row.map(|(_, samples)| samples.as_slice()).unwrap_or_default();
        samples.iter().map(|samples| median(samples.iter().map(figure))).collect()
    }

    /// Returns the figures with their ratios appended.
    pub fn with_ratios(&self, figures: &[f64]) -> Vec<f64> {
        let ratios =
            self.ratios.iter().map(|(one, other)| ratio(self.servers, figures, one, other));
        figures.iter().copied().chain(ratios).collect()
    }
}

/// Returns the ratio of two participants, or NaN if one of them was not measured.
pub fn ratio(field: &[Server], figures: &[f64], one: &str, other: &str) -> f64 {
    of(field, figures, one) / of(field, figures, other)
}

/// Returns the figure of a participant, or NaN if it was not measured.
pub fn of(field: &[Server], figures: &[f64], name: &str) -> f64 {
    let place = field.iter().position(|server| server.name == name);
    place.and_then(|place| figures.get(place)).copied().unwrap_or(f64::NAN)
}
