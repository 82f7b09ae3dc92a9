//! The keys of questions and steps: chosen by the author, or derived from the position in the
//! source code and the question.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::Location;

use mcp_core::json;
use mcp_core::types::InputRequest;

use crate::hex::hex;
use crate::seal::digest;

/// The source of a question's key.
#[derive(Debug, Clone)]
pub(crate) enum QuestionSource {
    /// The author chose it.
    Named(Cow<'static, str>),
    /// It is derived from the line that asks the question.
    Site(&'static Location<'static>),
}

/// A question with its identity.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The key on the wire, unique in the call.
    pub(crate) key: String,
    /// The common prefix of all derived keys of the line, and the line.
    pub(crate) site: Option<(String, &'static Location<'static>)>,
    /// The digest of the method and the parameters, in hexadecimal.
    pub(crate) digest: String,
}

impl Identity {
    /// Creates the identity of a question. `seen` counts the uses of each key in this execution.
    ///
    /// # Errors
    /// If the question cannot be encoded as JSON.
    pub(crate) fn new(
        source: QuestionSource,
        request: &InputRequest,
        seen: &mut HashMap<String, u32>,
    ) -> Result<Self, serde_json::Error> {
        // Canonical, because the author may add members in any order.
        let digest = hex(&digest(&[&json::canonical(&serde_json::to_value(request)?)])[..16]);
        let (base, site) = match source {
            QuestionSource::Named(name) => (name.into_owned(), None),
            QuestionSource::Site(location) => {
                let site = site(location);
                // The digest distinguishes questions that one line asks.
                (format!("{site}-{}", digest.get(..8).unwrap_or_default()), Some((site, location)))
            }
        };
        Ok(Self { key: occurrence(base, seen), site, digest })
    }
}

/// Returns the key of this use: `key`, `key#2`, `key#3`…
pub(crate) fn occurrence(key: String, seen: &mut HashMap<String, u32>) -> String {
    match seen.get_mut(&key) {
        None => {
            seen.insert(key.clone(), 1);
            key
        }
        Some(count) => {
            *count += 1;
            format!("{key}#{count}")
        }
    }
}

/// Returns a prefix such as `ask-1f2e3d`, which distinguishes lines without revealing them.
fn site(location: &Location<'_>) -> String {
    let (line, column) = (location.line().to_be_bytes(), location.column().to_be_bytes());
    format!("ask-{}", hex(&digest(&[location.file().as_bytes(), &line, &column])[..3]))
}

#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use mcp_core::types::{CreateMessageParams, ElicitParams, ElicitSchema};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_an_authors_members_does_not_distinguish_questions() {
        let digest = |metadata: serde_json::Value| {
            let params: CreateMessageParams = serde_json::from_value(
                json!({ "messages": [], "maxTokens": 1, "metadata": metadata }),
            )
            .unwrap();
            let source = QuestionSource::Named("ask".into());
            Identity::new(source, &params.into(), &mut HashMap::new()).unwrap().digest
        };
        assert_eq!(digest(json!({ "a": 1, "b": 2 })), digest(json!({ "b": 2, "a": 1 })));
        assert_ne!(digest(json!({ "a": 1 })), digest(json!({ "a": 2 })));
    }

    #[test]
    fn keys_distinguish_lines_questions_and_repetitions() {
        let mut seen = HashMap::new();
        let here = Location::caller();
        let mut key = |source, message: &str| {
            let request = ElicitParams::form(message, ElicitSchema::new()).into();
            Identity::new(source, &request, &mut seen).unwrap().key
        };
        let first = key(QuestionSource::Site(here), "Name?");
        assert!(first.starts_with("ask-") && first.len() == 19, "{first}");
        assert_ne!(first, key(QuestionSource::Site(here), "Age?"));
        assert_eq!(key(QuestionSource::Site(here), "Name?"), format!("{first}#2"));
        assert_ne!(first, key(QuestionSource::Site(Location::caller()), "Name?"));
        assert_eq!(key(QuestionSource::Named("name".into()), "Name?"), "name");
        assert_eq!(key(QuestionSource::Named("name".into()), "Name?"), "name#2");
    }
}
