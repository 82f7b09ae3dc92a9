//! Why an operation on the file has no answer.

use redb::StorageError;

use crate::store::task::StoreError;

/// Why an operation has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operation was refused. Others of the same transaction are not concerned.
    Refused(StoreError),
    /// The database failed. The transaction has to be given up.
    Database(redb::Error),
}

impl Failure {
    /// Returns the error that a caller receives.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => StoreError::unavailable(describe(&error)),
        }
    }
}

/// Describes a failure, and what to do about it.
pub(super) fn describe(error: &redb::Error) -> String {
    match error {
        redb::Error::PreviousIo => "the file could not be read or written before; open the store \
                                    again, or restart the server"
            .to_owned(),
        error => format!("{error}; if this remains, open the store again, or restart the server"),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

macro_rules! from_database {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Database(error.into())
            }
        })*
    };
}

from_database!(StorageError, redb::TableError, redb::TransactionError, redb::CommitError);
