//! Why a store failed.

use std::fmt;

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A limit is reached: the name of its field, and its value.
    #[error("the store has reached its limit of {max} ({limit})")]
    Full {
        /// The field that sets the limit.
        limit: &'static str,
        /// The value of the limit.
        max: u64,
    },
    /// An entry with this id exists already.
    #[error("an entry with this id exists already")]
    Exists,
    /// The store cannot be reached, or failed to read or write. Nothing is known about the
    /// operation: it may have been carried out.
    #[error("the store failed: {0}")]
    Unavailable(String),
    /// What is stored cannot be read: it is damaged, or a newer version of the SDK wrote it.
    #[error("what is stored cannot be read: {0}")]
    Invalid(String),
}

impl StoreError {
    /// Returns [`StoreError::Unavailable`] with a reason.
    pub fn unavailable(reason: impl fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }

    /// Returns [`StoreError::Invalid`] with a reason.
    pub fn invalid(reason: impl fmt::Display) -> Self {
        Self::Invalid(reason.to_string())
    }
}
