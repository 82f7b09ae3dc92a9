//! The interface of policy engines.

use std::sync::Arc;

use super::decision::{Decision, Verdict};
use super::request::PolicyRequest;

/// Decides about calls. [`Policy`](super::Policy) is one; implement it for another engine.
///
/// Engines answer at once: they are called for each request, on the thread that serves it. One that
/// needs the network has to keep what it needs in memory.
///
/// ```
/// use mcp_core::policy::{Decision, PolicyEngine, PolicyRequest, Verdict};
///
/// /// Allows nothing but one tool.
/// struct OnlyTool(&'static str);
///
/// impl PolicyEngine for OnlyTool {
///     fn decide(&self, request: &PolicyRequest<'_>) -> Decision {
///         if request.subject().name() == Some(self.0) {
///             Decision::new(Verdict::Allow, "the only tool")
///         } else {
///             Decision::new(Verdict::Deny, "another tool")
///         }
///     }
/// }
///
/// let engine = OnlyTool("add");
/// assert_eq!(engine.decide(&PolicyRequest::tool("add")).verdict(), Verdict::Allow);
/// ```
pub trait PolicyEngine: Send + Sync + 'static {
    /// Decides about a call.
    fn decide(&self, request: &PolicyRequest<'_>) -> Decision;

    /// Whether a tool, prompt, resource or template is in the lists that the caller sees. The
    /// request is a call of it without arguments. By default it is if that call is not denied.
    fn is_listed(&self, request: &PolicyRequest<'_>) -> bool {
        self.decide(request).verdict() != Verdict::Deny
    }
}

impl<E: PolicyEngine + ?Sized> PolicyEngine for Arc<E> {
    fn decide(&self, request: &PolicyRequest<'_>) -> Decision {
        (**self).decide(request)
    }

    fn is_listed(&self, request: &PolicyRequest<'_>) -> bool {
        (**self).is_listed(request)
    }
}
