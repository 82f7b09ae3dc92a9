//! What a modern call remembers from round to round: the answers it got, the steps it finished, and
//! what it asked last.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{CreateMessageResult, ElicitResult, InputRequest, ListRootsResult};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::reason;

/// The journal of a call. It travels in the sealed `requestState` and nowhere else.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Rounds so far.
    #[serde(rename = "r")]
    pub(crate) rounds: u32,
    /// Rounds in which a question was another one than in the round before.
    #[serde(rename = "w")]
    pub(crate) reworded: u32,
    /// What was asked in the last round: answers to anything else are ignored (TRAP-31).
    #[serde(rename = "q")]
    pub(crate) asked: Vec<Asked>,
    #[serde(rename = "a")]
    pub(crate) answers: Vec<Answered>,
    #[serde(rename = "s")]
    pub(crate) steps: Vec<(String, RawJson)>,
    /// The state of the explicit form.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<RawJson>,
}

/// A question on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    #[serde(rename = "k")]
    pub(crate) key: String,
    #[serde(rename = "d")]
    pub(crate) digest: String,
    #[serde(rename = "t")]
    pub(crate) kind: AnswerKind,
}

/// An answer, with the digest of the question that it was given to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    #[serde(rename = "k")]
    pub(crate) key: String,
    #[serde(rename = "d")]
    pub(crate) digest: String,
    #[serde(rename = "v")]
    pub(crate) answer: RawJson,
}

/// What an answer must look like.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum AnswerKind {
    #[serde(rename = "e")]
    Elicit,
    #[serde(rename = "s")]
    Sample,
    #[serde(rename = "r")]
    Roots,
    #[serde(rename = "o")]
    Other,
}

impl AnswerKind {
    pub(crate) fn of(request: &InputRequest) -> Self {
        match request {
            InputRequest::Elicit(_) => Self::Elicit,
            InputRequest::CreateMessage(_) => Self::Sample,
            InputRequest::ListRoots(_) => Self::Roots,
            _ => Self::Other,
        }
    }

    pub(crate) fn check(self, answer: &str) -> Result<(), serde_json::Error> {
        match self {
            Self::Elicit => serde_json::from_str::<ElicitResult>(answer).map(drop),
            Self::Sample => serde_json::from_str::<CreateMessageResult>(answer).map(drop),
            Self::Roots => serde_json::from_str::<ListRootsResult>(answer).map(drop),
            Self::Other => serde_json::from_str::<mcp_core::json::JsonObject>(answer).map(drop),
        }
    }
}

impl Journal {
    /// Takes the answers to what was asked last. Those to anything else are ignored.
    ///
    /// # Errors
    /// −32602 when one is not what its question asks for (MRTR-12).
    pub(crate) fn take(&mut self, responses: &JsonBytes) -> Result<(), ErrorObject> {
        let responses: BTreeMap<Cow<'_, str>, &RawValue> = object(responses)?;
        for Asked { key, digest, kind } in std::mem::take(&mut self.asked) {
            let Some(answer) = responses.get(key.as_str()) else { continue };
            kind.check(answer.get()).map_err(|error| {
                ErrorObject::invalid_params(format!("/inputResponses/{key}: {}", reason(&error)))
            })?;
            self.answers.retain(|other| other.key != key);
            let answer = RawJson::from((*answer).to_owned());
            self.answers.push(Answered { key, digest, answer });
        }
        Ok(())
    }

    /// The answers that a client sends in its first round, before it was asked, by their keys.
    ///
    /// # Errors
    /// −32602 when they are no object.
    pub(crate) fn unasked(responses: &JsonBytes) -> Result<HashMap<String, RawJson>, ErrorObject> {
        object(responses)
    }

    pub(crate) fn step(&self, key: &str) -> Option<&RawJson> {
        self.steps.iter().find_map(|(other, value)| (other == key).then_some(value))
    }
}

fn object<'a, T: Deserialize<'a>>(responses: &'a JsonBytes) -> Result<T, ErrorObject> {
    responses
        .parse()
        .map_err(|_| ErrorObject::invalid_params("/inputResponses: expected an object"))
}
