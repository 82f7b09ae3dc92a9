//! Measures everything in several rounds, in which the participants take turns.

use crate::Error;

/// Measures all entries in each round, in reverse order in every second round. Returns the results
/// of all rounds for each entry.
///
/// A round includes all entries, so that a slow phase of the machine affects all of them. An entry
/// that fails is reported, and has no result in that round; the others are measured.
pub fn in_turn<E, T>(
    rounds: usize,
    entries: &[E],
    mut measure: impl FnMut(&E) -> Result<T, Error>,
) -> Vec<Vec<T>> {
    let mut results: Vec<Vec<T>> = entries.iter().map(|_| vec![]).collect();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            match measure(&entries[index]) {
                Ok(result) => results[index].push(result),
                Err(error) => eprintln!("failed: {error}"),
            }
        }
    }
    results
}

/// The results of rows and columns, by row and column.
#[derive(Clone, Debug)]
pub struct Grid<T> {
    columns: usize,
    results: Vec<Vec<T>>,
}

impl<T> Grid<T> {
    /// Measures every row with every column, in turn.
    pub fn measure<R, C>(
        rounds: usize,
        rows: &[R],
        columns: &[C],
        mut measure: impl FnMut(&R, &C) -> Result<T, Error>,
    ) -> Grid<T> {
        let pairs: Vec<(&R, &C)> =
            rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column))).collect();
        let results = in_turn(rounds, &pairs, |(row, column)| measure(row, column));
        Grid { columns: columns.len(), results }
    }

    /// Returns the medians of one figure in a row, one for each column.
    pub fn medians(&self, row: usize, figure: impl Fn(&T) -> f64 + Copy) -> Vec<Option<f64>> {
        let cells = &self.results[row * self.columns..][..self.columns];
        cells.iter().map(|rounds| crate::table::median(rounds.iter().map(figure))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_measured_with_every_column_and_a_failure_leaves_a_gap() {
        let grid = Grid::measure(3, &[1, 2], &[10, 20], |row, column| match (row, column) {
            (2, 10) => Err("not measured here".into()),
            _ => Ok(row + column),
        });
        let medians = |row| grid.medians(row, |figure| f64::from(*figure));
        assert_eq!(medians(0), [Some(11.0), Some(21.0)]);
        assert_eq!(medians(1), [None, Some(22.0)]);
    }

    #[test]
    fn the_order_is_reversed_in_every_second_round() {
        let mut order = vec![];
        in_turn(2, &["a", "b"], |entry| {
            order.push(*entry);
            Ok(())
        });
        assert_eq!(order, ["a", "b", "b", "a"]);
    }
}
