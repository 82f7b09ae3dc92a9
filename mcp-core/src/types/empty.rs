//! Params and results that have only metadata, and the params of paged lists. Spec: basic;
//! server/utilities/pagination.

use crate::json::object;
use crate::meta::Meta;

object! {
    /// Params of a request that needs none (`ping`, `server/discover`, `roots/list`). All revisions.
    pub struct RequestParams {
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of a notification that needs none. All revisions.
    pub struct NotificationParams {
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of a paged list. All revisions.
    pub struct PaginatedParams {
        /// Where to go on: `next_cursor` of the page before. The empty string is a cursor.
        cursor?: String = "cursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A result that says only that it was done. All revisions.
    pub struct EmptyResult ignore "resultType" {
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
