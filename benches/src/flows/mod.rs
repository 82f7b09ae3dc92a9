//! `flow-bench`: exchanges of several messages. A [`dialogue`] sends one message after the other,
//! over either transport; the flows are [`elicitation`], [`pages`] and [`progress`].

pub mod dialogue;
pub mod elicitation;
pub mod pages;
pub mod progress;

use crate::{Error, bench::Context, table::Table};

/// Measures the flows.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let mut tables = elicitation::measure(context)?;
    tables.extend(pages::measure(context)?);
    tables.push(progress::measure(context)?);
    Ok(tables)
}
