//! What is kept of a bench.

use serde::{Deserialize, Serialize};

use crate::{machine::Machine, table::Table};

/// The tables of one bench, and when they were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The name of the bench.
    pub bench: String,
    /// The circumstances.
    pub machine: Machine,
    /// The tables.
    pub tables: Vec<Table>,
}
