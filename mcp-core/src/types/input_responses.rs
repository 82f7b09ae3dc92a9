//! Multi-round-trip requests: what a client answers. Spec: basic/patterns/mrtr; since 2026-07-28.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::RawJson;

/// The client's answers, by the key of the request for input. Since 2026-07-28.
///
/// The kind of an answer follows from the request that it answers, so answers are kept raw until they are
/// read with [`get`](Self::get).
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct InputResponses(BTreeMap<String, RawJson>);

impl InputResponses {
    /// No answers.
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

    /// The answer at a key, as the result of its method (`ElicitResult` and so on).
    ///
    /// # Errors
    /// If there is an answer of another kind.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(key).map(RawJson::parse).transpose()
    }

    /// The answer at a key, as JSON.
    #[must_use]
    pub fn get_raw(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// If the answer cannot be serialized.
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
