//! What a result must offer to be written for any revision.

use mcp_core::meta::Meta;
use mcp_core::revision::Rules;
use mcp_core::types::CacheScope;
use serde::Serialize;

/// Makes a value fit the rules of a revision.
pub(crate) trait Project {
    /// Removes or rewrites what the revision does not have.
    fn project(&mut self, rules: &Rules);
}

/// A result that can be sent: it can be made to fit a revision, and has a place for `_meta`.
pub(crate) trait WireResult: Serialize + Project {
    /// The place for `_meta`.
    fn meta_mut(&mut self) -> &mut Option<Meta>;

    /// About how many bytes the result takes, so that a long one is written without growing its
    /// buffer again and again. Too much is harmless, since memory that nothing is written to costs
    /// nothing.
    fn size_hint(&self) -> usize {
        128
    }

    /// The place for `ttlMs` and `cacheScope`, in results that may be cached.
    fn cache_mut(&mut self) -> Option<(&mut Option<u64>, &mut Option<CacheScope>)> {
        None
    }
}
