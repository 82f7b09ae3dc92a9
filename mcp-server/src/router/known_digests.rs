//! The digests that a client works with, in the draft of the next revision. A call is served by the
//! current definitions whatever the client knows; its result names what the client should fetch
//! again.

use mcp_core::json::member_ranges;
use mcp_core::method::{
    Discover, Method as _, PromptsList, ResourceTemplatesList, ResourcesList, ToolsList,
};

use super::discover;
use super::request::RoutedRequest;
use crate::call;
use crate::json_text::read_text;

/// The methods whose results have a digest.
const METHODS: [&str; 5] = [
    Discover::NAME,
    ToolsList::NAME,
    PromptsList::NAME,
    ResourcesList::NAME,
    ResourceTemplatesList::NAME,
];

/// Notes for the result of a call which of the digests that the client knows are not current. They
/// are hints: malformed ones, and those of other methods, are ignored.
pub(super) fn check(request: &RoutedRequest<'_>) {
    let rules = request.context.rules();
    if !rules.digests {
        return;
    }
    let Some(known) = call::known_digests(request.params) else { return };
    let Ok(ranges) = member_ranges(known, METHODS) else { return };
    let mut stale = Vec::new();
    for (method, range) in METHODS.into_iter().zip(ranges) {
        let json = range.and_then(|range| known.get(range));
        let Some(Ok(digest)) = json.map(read_text) else { continue };
        let current = match method {
            Discover::NAME => discover::digest(request).map(Some),
            method => request.registry.digest(method, rules),
        };
        match current {
            Ok(Some(current)) if current != &*digest => stale.push(method),
            Ok(_) => {}
            Err(error) => tracing::debug!(method, %error, "a digest could not be computed"),
        }
    }
    if !stale.is_empty() {
        // Already set if a layer calls the service more than once.
        drop(request.context.call().stale.set(stale));
    }
}
