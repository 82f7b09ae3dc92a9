//! How large the results may be that a group passes on to a model.

use std::fmt;
use std::sync::Arc;

use mcp_core::excess::{self, json_length, refused, shorten};
use mcp_core::types::ReadResourceResult;

use super::spill::{Spill, SpillLimits};
use crate::call::ToolReply;

/// Minimum of a budget, in bytes: a note has to fit.
const SMALLEST: usize = 1_024;

/// The size that a result of [`ClientGroup::call_tool`](super::ClientGroup::call_tool) may have, in
/// bytes of JSON, and what becomes of a larger one. Models read results, and a large one may cost
/// more than it is worth, or not fit at all.
///
/// ```
/// use mcp_client::ClientGroup;
/// use mcp_client::group::ResultBudget;
///
/// let group = ClientGroup::builder().result_budget(ResultBudget::spill(64 << 10)).build();
/// ```
#[derive(Clone)]
pub struct ResultBudget {
    max_bytes: usize,
    excess: Excess,
}

#[derive(Clone)]
enum Excess {
    Refuse,
    Cut,
    Spill(Arc<Spill>),
}

impl ResultBudget {
    /// Replaces results of more than `max_bytes` bytes, at least 1,024, by an error that tells the
    /// model the sizes.
    ///
    /// ```
    /// use mcp_client::group::ResultBudget;
    ///
    /// // "the result has 91340 bytes, and the limit is 32768 bytes; ask for less"
    /// let budget = ResultBudget::refuse(32 << 10);
    /// ```
    #[must_use]
    pub fn refuse(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.max(SMALLEST), excess: Excess::Refuse }
    }

    /// Cuts results to `max_bytes` bytes, at least 1,024: text between two characters, and a note
    /// says so. Blocks that do not fit are left out. A result with structured content is refused,
    /// because a part of it would not have its schema.
    ///
    /// ```
    /// use mcp_client::group::ResultBudget;
    ///
    /// // The beginning of a log is better than nothing.
    /// let budget = ResultBudget::cut(32 << 10);
    /// ```
    #[must_use]
    pub fn cut(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.max(SMALLEST), excess: Excess::Cut }
    }

    /// Keeps results of more than `max_bytes` bytes, at least 1,024, for some time, with the
    /// default [`SpillLimits`]. A link takes the place of one, with which all of it can be read
    /// ([`ClientGroup::read_resource`](super::ClientGroup::read_resource), from the same server).
    /// One with structured content becomes an error with the link, because other results must have
    /// the schema.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    /// use mcp_client::group::ResultBudget;
    ///
    /// # async fn example() -> Result<(), mcp_client::Error> {
    /// let group = ClientGroup::builder().result_budget(ResultBudget::spill(32 << 10)).build();
    /// // … and where the model follows the link in a result:
    /// # let uri = "";
    /// let all = group.read_resource("notes", uri).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn spill(max_bytes: usize) -> Self {
        Self::spill_with(max_bytes, SpillLimits::new())
    }

    /// As [`ResultBudget::spill`], with other limits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::group::{ResultBudget, SpillLimits};
    ///
    /// let mut limits = SpillLimits::new();
    /// limits.result_timeout = Duration::from_secs(3600); // As long as a conversation lasts.
    /// let budget = ResultBudget::spill_with(32 << 10, limits);
    /// ```
    #[must_use]
    pub fn spill_with(max_bytes: usize, limits: SpillLimits) -> Self {
        let excess = Excess::Spill(Arc::new(Spill::new(limits)));
        Self { max_bytes: max_bytes.max(SMALLEST), excess }
    }

    /// The result, or what takes its place.
    pub(super) fn apply(&self, server: &str, reply: ToolReply) -> ToolReply {
        let bytes = json_length(&reply);
        if bytes <= self.max_bytes {
            return reply;
        }
        let mut keep;
        let excess = match &self.excess {
            Excess::Refuse => excess::Excess::Refuse,
            Excess::Cut => excess::Excess::Cut,
            Excess::Spill(spill) => {
                keep = |text, mime_type| spill.keep(server, text, mime_type);
                excess::Excess::Keep(&mut keep)
            }
        };
        let short = shorten(reply.into_inner(), (bytes, self.max_bytes), excess);
        let short = short.filter(|short| json_length(short) <= self.max_bytes);
        ToolReply::new(short.unwrap_or_else(|| refused(bytes, self.max_bytes)))
    }

    /// A result of a server that is kept.
    pub(super) fn read(&self, server: &str, uri: &str) -> Option<ReadResourceResult> {
        match &self.excess {
            Excess::Spill(spill) => spill.read(server, uri),
            Excess::Refuse | Excess::Cut => None,
        }
    }
}

impl fmt::Debug for ResultBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let excess = match self.excess {
            Excess::Refuse => "refuse",
            Excess::Cut => "cut",
            Excess::Spill(_) => "spill",
        };
        f.debug_struct("ResultBudget")
            .field("max_bytes", &self.max_bytes)
            .field("excess", &excess)
            .finish()
    }
}
