//! The `data` of the errors that the protocol defines. Spec: basic, "Error codes".

use super::{ClientCapabilities, ElicitUrlParams};
use crate::json::object;
use crate::jsonrpc::{ErrorObject, code};

object! {
    /// `data` of −32022: the revision is not supported. Since 2026-07-28.
    pub struct UnsupportedProtocolVersionData {
        /// The revisions that the server supports, which may include legacy ones.
        supported: Vec<String> = "supported",
        /// The revision of the request.
        requested: String = "requested",
    }

    /// `data` of −32021: the client did not declare a required capability. Since 2026-07-28.
    pub struct MissingRequiredClientCapabilityData {
        /// The capabilities that the request needs.
        required_capabilities: ClientCapabilities = "requiredCapabilities",
    }

    /// `data` of −32042: the user must visit a URL first. 2025-11-25 only.
    pub struct UrlElicitationRequiredData {
        /// The URLs to visit.
        elicitations: Vec<ElicitUrlParams> = "elicitations",
    }
}

/// A URL that the user must visit before a request can succeed, as error −32042 reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredUrl {
    /// The id of the interaction, which `notifications/elicitation/complete` repeats when the user
    /// is done.
    pub elicitation_id: String,
    /// The URL.
    pub url: String,
    /// The reason to show to the user.
    pub message: String,
}

impl RequiredUrl {
    /// Creates the description of a URL, with the id of the interaction and the reason to show.
    pub fn new(
        elicitation_id: impl Into<String>,
        url: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { elicitation_id: elicitation_id.into(), url: url.into(), message: message.into() }
    }
}

impl ErrorObject {
    /// Creates the error −32042: the request can be repeated after the user has visited these URLs.
    /// 2025-11-25 only; since 2026-07-28 a result asks for the visit, and the code must not be
    /// sent.
    ///
    /// ```
    /// use mcp_core::jsonrpc::ErrorObject;
    /// use mcp_core::types::RequiredUrl;
    ///
    /// let url = RequiredUrl::new("log-in-1", "https://example.com/login", "Log in to the service");
    /// assert_eq!(ErrorObject::url_elicitation_required([url]).code(), -32042);
    /// ```
    pub fn url_elicitation_required(urls: impl IntoIterator<Item = RequiredUrl>) -> Self {
        let elicitations: Vec<_> = (urls.into_iter())
            .map(|required| {
                let RequiredUrl { elicitation_id, url, message } = required;
                ElicitUrlParams::new(message, url).elicitation_id(elicitation_id)
            })
            .collect();
        Self::new(code::URL_ELICITATION_REQUIRED, "the user must visit a URL first")
            .with_data(&UrlElicitationRequiredData::new(elicitations))
    }
}
