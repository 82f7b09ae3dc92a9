//! Multi-round-trip requests: the server's questions and the client's answers. Spec: basic/patterns/mrtr;
//! since 2026-07-28.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::{Serialize, Serializer};

use super::{CreateMessageParams, ElicitParams, RequestParams};
use crate::json::{RawJson, object};
use crate::meta::Meta;

/// The server's questions, by a key of its choice. Since 2026-07-28.
pub type InputRequests = BTreeMap<String, InputRequest>;

object! {
    /// A result that asks for input: the client answers and sends the request again. Since 2026-07-28.
    ///
    /// At least one member must be there.
    pub struct InputRequiredResult ignore "resultType" {
        /// The questions.
        input_requests?: InputRequests = "inputRequests",
        /// The server's state; the client sends it back untouched.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A question with a method that this SDK does not know.
    pub struct OtherInputRequest {
        /// Its method.
        method: String = "method",
        /// Its params.
        params?: RawJson = "params",
    }
}

/// A question of the server: a request without id, told apart by `method`. Since 2026-07-28.
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
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        match self {
            Self::Elicit(_) => "elicitation/create",
            Self::CreateMessage(_) => "sampling/createMessage",
            Self::ListRoots(_) => "roots/list",
            Self::Other(request) => &request.method,
        }
    }

    /// The question for the roots.
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
        /// Method and params of a known kind.
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
        /// The params of a kind that must have some.
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

/// The client's answers, by the key of the question. Since 2026-07-28.
///
/// What kind an answer is only the question tells, so they are raw until read with [`get`](Self::get).
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct InputResponses(BTreeMap<String, RawJson>);

impl InputResponses {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The answer to a question as the result of its method (`ElicitResult` and so on).
    ///
    /// # Errors
    /// When there is an answer, but not of that kind.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(key).map(RawJson::parse).transpose()
    }

    /// The answer to a question as it came.
    #[must_use]
    pub fn get_raw(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// When the answer cannot be serialized.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        answer: &impl Serialize,
    ) -> Result<(), serde_json::Error> {
        self.0.insert(key.into(), RawJson::new(answer)?);
        Ok(())
    }

    /// Keys and answers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(key, answer)| (key.as_str(), answer))
    }
}

impl FromIterator<(String, RawJson)> for InputResponses {
    fn from_iter<I: IntoIterator<Item = (String, RawJson)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}
