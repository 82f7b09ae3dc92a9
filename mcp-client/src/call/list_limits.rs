//! The bounds of a list.

/// The bounds of a list, all its pages together. A server that exceeds one gets
/// [`ErrorKind::Limit`](crate::ErrorKind::Limit) instead of more memory.
///
/// ```
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::new();
/// limits.list.max_items = 500;
/// limits.list.max_item_bytes = 16 << 10; // Longer definitions are refused.
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListLimits {
    /// Maximum number of pages. 1,000.
    pub max_pages: usize,
    /// Maximum number of items. 100,000.
    pub max_items: usize,
    /// Maximum size of the list as JSON, in bytes. 64 MiB.
    pub max_bytes: usize,
    /// Maximum size of one item as JSON, such as the definition of a tool, in bytes. 256 KiB.
    pub max_item_bytes: usize,
    /// Maximum length of a cursor, in bytes. 8 KiB.
    pub max_cursor_bytes: usize,
}

impl ListLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_pages: 1_000,
            max_items: 100_000,
            max_bytes: 64 << 20,
            max_item_bytes: 256 << 10,
            max_cursor_bytes: 8 << 10,
        }
    }
}

impl Default for ListLimits {
    fn default() -> Self {
        Self::new()
    }
}
