//! Multi-round-trip requests: the server's requests for input. Spec: basic/patterns/mrtr; since
//! 2026-07-28.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::{Serialize, Serializer};

use super::{CreateMessageParams, ElicitParams, RequestParams};
use crate::json::{RawJson, object};
use crate::meta::Meta;

/// The server's requests for input, by keys of its choice. Since 2026-07-28.
pub type InputRequests = BTreeMap<String, InputRequest>;

object! {
    /// A result that asks for input. The client repeats the request with the answers. Since
    /// 2026-07-28.
    ///
    /// At least one member must be present.
    pub struct InputRequiredResult ignore "resultType" {
        /// The requests for input.
        input_requests?: InputRequests = "inputRequests",
        /// The server's state, which the client sends back unchanged.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A request for input with a method that is unknown to this SDK.
    pub struct OtherInputRequest {
        /// The method.
        method: String = "method",
        /// The parameters.
        params?: RawJson = "params",
    }
}

impl InputRequiredResult {
    /// Returns the requests for input with their keys, by which they are answered.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputRequiredResult, InputResponses};
    ///
    /// let asked: InputRequiredResult = serde_json::from_str(
    ///     r#"{"inputRequests": {"sure": {"method": "elicitation/create", "params": {
    ///         "message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}}}}"#,
    /// )?;
    /// let mut answers = InputResponses::new();
    /// for (key, question) in asked.questions() {
    ///     assert_eq!(question.method(), "elicitation/create");
    ///     answers.insert(key, &ElicitResult::decline())?;
    /// }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn questions(&self) -> impl Iterator<Item = (&str, &InputRequest)> {
        self.input_requests.iter().flatten().map(|(key, request)| (&**key, request))
    }
}

/// A request for input: a request without an id, distinguished by its `method`. Since 2026-07-28.
///
/// ```
/// use mcp_core::types::{ElicitParams, InputRequest};
///
/// let request = InputRequest::from(ElicitParams::url("Please log in.", "https://example.com/"));
/// assert_eq!(request.method(), "elicitation/create");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InputRequest {
    /// `elicitation/create`.
    Elicit(Box<ElicitParams>),
    /// `sampling/createMessage`. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    CreateMessage(Box<CreateMessageParams>),
    /// `roots/list`. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    ListRoots(Option<RequestParams>),
    /// Another method.
    Other(OtherInputRequest),
}

impl InputRequest {
    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &str {
        match self {
            Self::Elicit(_) => "elicitation/create",
            Self::CreateMessage(_) => "sampling/createMessage",
            Self::ListRoots(_) => "roots/list",
            Self::Other(request) => &request.method,
        }
    }

    /// Creates a request for the roots.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    #[must_use]
    pub fn list_roots() -> Self {
        Self::ListRoots(None)
    }
}

impl From<ElicitParams> for InputRequest {
    fn from(params: ElicitParams) -> Self {
        Self::Elicit(Box::new(params))
    }
}

impl From<CreateMessageParams> for InputRequest {
    fn from(params: CreateMessageParams) -> Self {
        Self::CreateMessage(Box::new(params))
    }
}

impl Serialize for InputRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The method and parameters of a known request.
        #[derive(Serialize)]
        struct Envelope<'a, P> {
            method: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            params: Option<P>,
        }
        let method = self.method();
        match self {
            Self::Elicit(params) => Envelope { method, params: Some(params) }.serialize(serializer),
            Self::CreateMessage(params) => {
                Envelope { method, params: Some(params) }.serialize(serializer)
            }
            Self::ListRoots(params) => {
                Envelope { method, params: params.as_ref() }.serialize(serializer)
            }
            Self::Other(request) => request.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for InputRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Parses the parameters of a request that requires them.
        fn params<T: DeserializeOwned, E: de::Error>(request: &OtherInputRequest) -> Result<T, E> {
            let params = request.params.as_ref().ok_or_else(|| E::missing_field("params"))?;
            params.parse().map_err(E::custom)
        }
        let request = OtherInputRequest::deserialize(deserializer)?;
        Ok(match request.method.as_str() {
            "elicitation/create" => Self::Elicit(params(&request)?),
            "sampling/createMessage" => Self::CreateMessage(params(&request)?),
            "roots/list" => {
                let params = request.params.as_ref().map(RawJson::parse).transpose();
                Self::ListRoots(params.map_err(de::Error::custom)?)
            }
            _ => Self::Other(request),
        })
    }
}
