//! `flow-bench`: exchanges of several messages. A [`dialogue`] sends one message after the other,
//! over either transport; the flows are [`elicitation`], [`pages`] and [`progress`].

pub mod dialogue;
pub mod elicitation;
pub mod pages;
pub mod progress;

use crate::{Error, context::Context, table::Table};

/// The name of the bench and its program.
pub const NAME: &str = "flow-bench";

/// Measures the flows.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let mut tables = elicitation::measure(context)?;
    tables.extend(pages::measure(context)?);
    tables.push(progress::measure(context)?);
    Ok(tables)
}
