//! The capabilities of the client. Only questions that it declared support for are sent (MRTR-5,
//! EL-2, SAM-2).

use mcp_core::revision::Revision;
use mcp_core::types::{CreateMessageParams, ElicitParams, IncludeContext, InputRequest};
use serde_json::json;

use super::question_check;
use crate::context::Context;
use crate::questions::{AskError, AskErrorKind};

impl Context {
    /// Whether the client supports elicitation with forms.
    #[must_use]
    pub fn can_elicit(&self) -> bool {
        self.rules().elicitation
            && self.client_capabilities().elicitation.is_some_and(|can| can.has_form())
    }

    /// Whether the client supports elicitation with URLs.
    #[must_use]
    pub fn can_elicit_url(&self) -> bool {
        self.rules().elicitation_url
            && self.client_capabilities().elicitation.is_some_and(|can| can.has_url())
    }

    /// Whether the client supports sampling.
    #[must_use]
    pub fn can_sample(&self) -> bool {
        self.client_capabilities().sampling.is_some()
    }

    /// Whether the client supports tools in sampling.
    #[must_use]
    pub fn can_sample_with_tools(&self) -> bool {
        self.rules().sampling_tools
            && self.client_capabilities().sampling.is_some_and(|can| can.tools.is_some())
    }

    /// Whether the client supports listing its roots.
    #[must_use]
    pub fn can_list_roots(&self) -> bool {
        self.client_capabilities().roots.is_some()
    }

    /// Refuses a question that is invalid, or that the client does not support.
    pub(super) fn check_question(&self, request: &InputRequest) -> Result<(), AskError> {
        question_check::check(request, self.call().environment.limits.max_uri_bytes)?;
        let required = match request {
            InputRequest::Elicit(params) => match &**params {
                ElicitParams::Url(_) if !self.can_elicit_url() => {
                    json!({ "elicitation": { "url": {} } })
                }
                ElicitParams::Url(_) => return Ok(()),
                _ if !self.can_elicit() => json!({ "elicitation": { "form": {} } }),
                _ => return Ok(()),
            },
            InputRequest::CreateMessage(params) => match self.missing_for(params) {
                Some(required) => required,
                None => return Ok(()),
            },
            InputRequest::ListRoots(_) if !self.can_list_roots() => json!({ "roots": {} }),
            InputRequest::ListRoots(_) => return Ok(()),
            other => {
                let method = other.method();
                let reason = format_args!("{method} is not a request to clients");
                return Err(AskError::new(AskErrorKind::Unsupported, reason));
            }
        };
        if self.call().session.as_ref().is_some_and(|session| !session.has_client()) {
            let reason = "this server is stateless, so the client cannot be reached";
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        if let Some((what, since)) = self.missing_in_revision(request) {
            let reason = format_args!(
                "revision {} has no {what}, which needs a client of {since} or later",
                self.revision()
            );
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        Err(AskError::unsupported(&required, self.rules().input_required))
    }

    /// Returns what the revision of the call does not have, and the first revision that has it.
    fn missing_in_revision(&self, request: &InputRequest) -> Option<(&'static str, Revision)> {
        let InputRequest::Elicit(params) = request else { return None };
        match &**params {
            ElicitParams::Url(_) if !self.rules().elicitation_url => {
                Some(("URL elicitation", Revision::V2025_11_25))
            }
            ElicitParams::Form(_) if !self.rules().elicitation => {
                Some(("elicitation", Revision::V2025_06_18))
            }
            _ => None,
        }
    }

    fn missing_for(&self, params: &CreateMessageParams) -> Option<serde_json::Value> {
        let Some(can) = self.client_capabilities().sampling else {
            return Some(json!({ "sampling": {} }));
        };
        if (params.tools.is_some() || params.tool_choice.is_some()) && !self.can_sample_with_tools()
        {
            return Some(json!({ "sampling": { "tools": {} } }));
        }
        // Revisions that have sampling with tools also have this capability (SAM-3); in older ones
        // the client decides.
        let wants_context =
            params.include_context.as_ref().is_some_and(|context| *context != IncludeContext::None);
        (wants_context && self.rules().sampling_tools && can.context.is_none())
            .then(|| json!({ "sampling": { "context": {} } }))
    }
}
