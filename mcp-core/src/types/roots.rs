//! Roots: where the user lets servers look. Spec: client/roots.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use crate::json::object;
use crate::meta::Meta;

object! {
    /// A directory or file that servers may look at. All revisions.
    pub struct Root {
        /// A `file://` URI.
        uri: String = "uri",
        /// Its name for people.
        name?: String = "name",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Result of `roots/list`, and since 2026-07-28 the answer to such a question. All revisions.
    pub struct ListRootsResult ignore "resultType" {
        /// The roots.
        roots: Vec<Root> = "roots",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }
}
