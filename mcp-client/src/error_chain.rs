//! Errors on one line, with everything below them.

use std::error::Error;
use std::fmt;

/// Writes the sources of an error, each behind a colon.
pub(crate) fn write_sources(f: &mut fmt::Formatter<'_>, error: &dyn Error) -> fmt::Result {
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}
