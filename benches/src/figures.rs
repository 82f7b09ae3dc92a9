//! The samples of a whole run as tables: a row for each workload, a column for each server, and
//! ratios.

use crate::{
    load::Sample,
    report::{Table, median},
    session::Server,
};

/// The samples of all workloads.
#[derive(Clone, Debug)]
pub struct Figures<'a> {
    /// Those who took part.
    pub servers: &'a [Server],
    /// The name of each workload, and the samples of each server.
    pub rows: Vec<(&'static str, Vec<Vec<Sample>>)>,
    /// Whose figures are divided by whose, in columns of their own.
    pub ratios: &'a [(&'a str, &'a str)],
}

impl Figures<'_> {
    /// The head of the table.
    pub fn head(&self) -> Vec<String> {
        let names = self.servers.iter().map(|server| server.name.clone());
        let ratios = self.ratios.iter().map(|(one, other)| format!("{one}/{other}"));
        ["workload".to_owned()].into_iter().chain(names).chain(ratios).collect()
    }

    /// The medians of one figure.
    pub fn table(&self, figure: impl Fn(&Sample) -> f64 + Copy) -> Table {
        let mut table = Table::new(self.head());
        for (name, _) in &self.rows {
            table.row(*name, self.with_ratios(&self.medians(name, figure)));
        }
        table
    }

    /// The median of one figure of a workload, for each server.
    pub fn medians(&self, name: &str, figure: impl Fn(&Sample) -> f64 + Copy) -> Vec<f64> {
        let row = self.rows.iter().find(|(row, _)| *row == name);
        let samples = row.map(|(_, samples)| samples.as_slice()).unwrap_or_default();
        samples.iter().map(|samples| median(samples.iter().map(figure))).collect()
    }

    /// One figure of each server, and the ratios.
    pub fn with_ratios(&self, figures: &[f64]) -> Vec<f64> {
        let ratios =
            self.ratios.iter().map(|(one, other)| ratio(self.servers, figures, one, other));
        figures.iter().copied().chain(ratios).collect()
    }
}

/// The figure of one by that of another; NaN when either did not take part.
pub fn ratio(field: &[Server], figures: &[f64], one: &str, other: &str) -> f64 {
    of(field, figures, one) / of(field, figures, other)
}

/// The figure of one; NaN when it did not take part.
pub fn of(field: &[Server], figures: &[f64], name: &str) -> f64 {
    let place = field.iter().position(|server| server.name == name);
    place.and_then(|place| figures.get(place)).copied().unwrap_or(f64::NAN)
}
