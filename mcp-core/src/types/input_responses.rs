//! Multi-round-trip requests: the client's answers. Spec: basic/patterns/mrtr; since 2026-07-28.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::RawJson;

/// The client's answers, by the keys of the input requests. Since 2026-07-28.
///
/// The type of an answer follows from the request that it answers, so answers are kept raw until
/// they are read with [`get`](Self::get).
///
/// ```
/// use mcp_core::types::{ElicitAction, ElicitResult, InputResponses};
///
/// let mut answers = InputResponses::new();
/// answers.insert("confirm", &ElicitResult::decline())?;
/// let answer: Option<ElicitResult> = answers.get("confirm")?;
/// assert_eq!(answer.unwrap().action, ElicitAction::Decline);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct InputResponses(BTreeMap<String, RawJson>);

impl InputResponses {
    /// Creates an empty set of answers.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("confirm", &ElicitResult::decline())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are no answers.
    ///
    /// ```
    /// use mcp_core::types::InputResponses;
    ///
    /// assert!(InputResponses::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of answers.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("confirm", &ElicitResult::decline())?;
    /// assert_eq!(answers.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the answer of a key as the result type of its method, such as `ElicitResult`.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("confirm", &ElicitResult::decline())?;
    /// assert_eq!(answers.get("confirm")?, Some(ElicitResult::decline()));
    /// assert_eq!(answers.get::<ElicitResult>("other")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the answer has another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(key).map(RawJson::parse).transpose()
    }

    /// Returns the answer of a key as JSON.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("confirm", &ElicitResult::decline())?;
    /// let json = answers.get_raw("confirm").map(|raw| raw.get());
    /// assert_eq!(json, Some(r#"{"action":"decline"}"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get_raw(&self, key: &str) -> Option<&RawJson> {
        self.0.get(key)
    }

    /// Adds an answer.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("size", &ElicitResult::accept(serde_json::json!({ "size": "L" }))?)?;
    /// answers.insert("colour", &ElicitResult::decline())?;
    /// assert_eq!(answers.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Returns the keys and answers.
    ///
    /// ```
    /// use mcp_core::types::{ElicitResult, InputResponses};
    ///
    /// let mut answers = InputResponses::new();
    /// answers.insert("confirm", &ElicitResult::decline())?;
    /// assert_eq!(answers.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["confirm"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(key, answer)| (key.as_str(), answer))
    }
}

impl FromIterator<(String, RawJson)> for InputResponses {
    fn from_iter<I: IntoIterator<Item = (String, RawJson)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}
