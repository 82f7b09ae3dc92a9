//! Roots: the directories and files that the user lets servers access. Spec: client/roots.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use crate::json::object;
use crate::meta::Meta;

object! {
    /// A directory or file that servers may access. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct Root {
        /// A `file://` URI.
        uri: String = "uri",
        /// The display name.
        name?: String = "name",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Result of `roots/list`. Since 2026-07-28 also the answer to such an input request. All
    /// revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ListRootsResult ignore "resultType" {
        /// The roots.
        roots: Vec<Root> = "roots",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }
}
