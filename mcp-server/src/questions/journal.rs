//! The journal of a modern call, which it keeps between rounds: the answers, the results of steps,
//! and the last questions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{CreateMessageResult, ElicitResult, InputRequest, ListRootsResult};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::reason;

/// The journal of a call. Between the rounds of a call it is stored only in the sealed
/// `requestState`. The journal of a task is built from the entries that its store keeps, which are
/// sealed if they leave the process.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Number of rounds so far.
    #[serde(rename = "r")]
    pub(crate) rounds: u32,
    /// Number of rounds in which a question differed from that of the round before.
    #[serde(rename = "w")]
    pub(crate) changed_rounds: u32,
    /// The questions of the last round. Answers to other questions are ignored (TRAP-31).
    #[serde(rename = "q")]
    pub(crate) asked: Vec<SentQuestion>,
    /// The answers by their keys. Maps, because a task may have thousands of entries.
    #[serde(rename = "a", with = "as_values")]
    pub(crate) answers: IndexMap<String, StoredAnswer>,
    /// The results of steps by their keys.
    #[serde(rename = "s", with = "as_pairs")]
    pub(crate) steps: IndexMap<String, RawJson>,
    /// The state of an [`InputRequired`](crate::input::InputRequired).
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<RawJson>,
}

/// A question that was sent to the client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SentQuestion {
    #[serde(rename = "k")]
    pub(crate) key: String,
    #[serde(rename = "d")]
    pub(crate) digest: String,
    #[serde(rename = "t")]
    pub(crate) kind: AnswerKind,
}

impl SentQuestion {
    /// Returns its answer, which came under the key `key`.
    ///
    /// # Errors
    /// −32602 if the answer is not of the type that the question expects (MRTR-12).
    pub(crate) fn answer(self, key: &str, answer: RawJson) -> Result<StoredAnswer, ErrorObject> {
        self.kind.check(answer.get()).map_err(|error| {
            ErrorObject::invalid_params(format!("/inputResponses/{key}: {}", reason(&error)))
        })?;
        Ok(StoredAnswer { key: self.key, digest: self.digest, answer })
    }
}

/// An answer, with the digest of its question.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredAnswer {
    #[serde(rename = "k")]
    pub(crate) key: String,
    #[serde(rename = "d")]
    pub(crate) digest: String,
    #[serde(rename = "v")]
    pub(crate) answer: RawJson,
}

/// The expected type of an answer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum AnswerKind {
    #[serde(rename = "e")]
    Elicit,
    #[serde(rename = "s")]
    CreateMessage,
    #[serde(rename = "r")]
    Roots,
    #[serde(rename = "o")]
    Other,
}

impl AnswerKind {
    pub(crate) fn of(request: &InputRequest) -> Self {
        match request {
            InputRequest::Elicit(_) => Self::Elicit,
            InputRequest::CreateMessage(_) => Self::CreateMessage,
            InputRequest::ListRoots(_) => Self::Roots,
            _ => Self::Other,
        }
    }

    pub(crate) fn check(self, answer: &str) -> Result<(), serde_json::Error> {
        match self {
            Self::Elicit => serde_json::from_str::<ElicitResult>(answer).map(drop),
            Self::CreateMessage => serde_json::from_str::<CreateMessageResult>(answer).map(drop),
            Self::Roots => serde_json::from_str::<ListRootsResult>(answer).map(drop),
            Self::Other => serde_json::from_str::<mcp_core::json::JsonObject>(answer).map(drop),
        }
    }
}

impl Journal {
    /// Adds the answers to the questions of the last round. Answers to other questions are ignored.
    ///
    /// # Errors
    /// −32602 if an answer is not of the type that its question expects (MRTR-12).
    pub(crate) fn add_answers(&mut self, responses: &str) -> Result<(), ErrorObject> {
        let responses: BTreeMap<Cow<'_, str>, &RawValue> = object(responses)?;
        for question in std::mem::take(&mut self.asked) {
            let Some(answer) = responses.get(question.key.as_str()) else { continue };
            let key = question.key.clone();
            let answered = question.answer(&key, RawJson::from((*answer).to_owned()))?;
            self.add_answer(answered);
        }
        Ok(())
    }

    /// Returns the answers that a client sends in its first round, before any question, by their
    /// keys.
    ///
    /// # Errors
    /// −32602 if they are not an object.
    pub(crate) fn unsolicited(responses: &str) -> Result<HashMap<String, RawJson>, ErrorObject> {
        object(responses)
    }

    /// Adds an answer, in place of an older one with its key.
    pub(crate) fn add_answer(&mut self, answer: StoredAnswer) {
        self.answers.insert(answer.key.clone(), answer);
    }
}

/// A map as an array of its values, which have their keys.
mod as_values {
    use indexmap::IndexMap;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::StoredAnswer;

    pub(super) fn serialize<S: Serializer>(
        map: &IndexMap<String, StoredAnswer>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<String, StoredAnswer>, D::Error> {
        let values = Vec::<StoredAnswer>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| (value.key.clone(), value)).collect())
    }
}

/// A map as an array of pairs.
mod as_pairs {
    use indexmap::IndexMap;
    use mcp_core::json::RawJson;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &IndexMap<String, RawJson>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<String, RawJson>, D::Error> {
        Ok(Vec::<(String, RawJson)>::deserialize(deserializer)?.into_iter().collect())
    }
}

fn object<'a, T: Deserialize<'a>>(responses: &'a str) -> Result<T, ErrorObject> {
    serde_json::from_str(responses)
        .map_err(|_| ErrorObject::invalid_params("/inputResponses: expected an object"))
}
