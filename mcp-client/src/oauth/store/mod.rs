//! Where credentials are kept: the trait, and stores in memory, in a file and in the keychain of
//! the user.

mod credential_store;
mod file;
mod file_access;
mod file_lock;
mod key;
mod key_locks;
#[cfg(feature = "keychain")]
mod keychain;
mod memory;

pub use credential_store::{CredentialStore, StoreLock};
pub use file::FileStore;
pub use key::CredentialKey;
pub(crate) use key::TokenKey;
#[cfg(feature = "keychain")]
pub use keychain::KeychainStore;
pub use memory::MemoryStore;
