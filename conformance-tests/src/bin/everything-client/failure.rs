//! Why a scenario failed.

use std::error::Error;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The message of an error and of its sources.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
