//! The traits of results that can be encoded for every revision.

use mcp_core::meta::Meta;
use mcp_core::revision::Rules;
use mcp_core::types::CacheScope;
use serde::Serialize;

/// A value that can be adapted to the rules of a revision.
pub(crate) trait Project {
    /// Removes or rewrites what the revision does not have.
    fn project(&mut self, rules: &Rules);
}

/// A result that can be encoded for every revision.
pub(crate) trait WireResult: Serialize + Project {
    /// Returns the `_meta` member.
    fn meta_mut(&mut self) -> &mut Option<Meta>;

    /// Returns the approximate size of the encoded result, in bytes, so that a long one is encoded
    /// without repeatedly growing its buffer. A high estimate costs little, because untouched
    /// memory is not allocated physically.
    fn size_hint(&self) -> usize {
        128
    }

    /// Returns the `ttlMs` and `cacheScope` members, if the result may be cached.
    fn cache_mut(&mut self) -> Option<(&mut Option<u64>, &mut Option<CacheScope>)> {
        None
    }

    /// Returns the `digest` member, if the result has one.
    fn digest_mut(&mut self) -> Option<&mut Option<String>> {
        None
    }
}
