//! Params and results with metadata only, and the params of paginated lists. Spec: basic;
//! server/utilities/pagination.

use crate::json::object;
use crate::meta::Meta;

object! {
    /// Params of a request without parameters (`ping`, `server/discover`, `roots/list`). All
    /// revisions.
    pub struct RequestParams {
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of a notification without parameters. All revisions.
    pub struct NotificationParams {
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of a paginated list. All revisions.
    pub struct PaginatedParams {
        /// The `next_cursor` of the previous page. The empty string is a valid cursor.
        cursor?: String = "cursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A result without content. All revisions.
    pub struct EmptyResult ignore "resultType" {
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
