//! Where credentials are kept: the trait, a store in memory and one in a file.

mod credential_store;
mod file;
mod file_access;
mod file_lock;
mod key;
mod memory;

pub use credential_store::{CredentialStore, StoreLock};
pub use file::FileStore;
pub use key::CredentialKey;
pub(crate) use key::TokenKey;
pub use memory::MemoryStore;
