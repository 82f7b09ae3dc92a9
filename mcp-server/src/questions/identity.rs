//! The keys of questions and steps: given by the author, or made of the place in the code and the
//! question.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::Location;

use mcp_core::json::canonical;
use mcp_core::types::InputRequest;

use crate::seal::digest;

/// Where a question comes from.
#[derive(Debug, Clone)]
pub(crate) enum QuestionSource {
    /// The author gave it a key.
    Named(Cow<'static, str>),
    /// The line that asks it.
    Site(&'static Location<'static>),
}

/// A question with its identity.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The key on the wire, unique in the call.
    pub(crate) key: String,
    /// What all automatic keys of this line begin with.
    pub(crate) site: Option<(String, &'static Location<'static>)>,
    /// The digest of method and parameters, in hexadecimal.
    pub(crate) digest: String,
}

impl Identity {
    /// `seen` counts how often each key was used in this execution.
    ///
    /// # Errors
    /// When the question cannot be written as JSON.
    pub(crate) fn new(
        source: QuestionSource,
        request: &InputRequest,
        seen: &mut HashMap<String, u32>,
    ) -> Result<Self, serde_json::Error> {
        // Method and parameters, both of which the wire form has.
        let digest = hex(&digest(&[&canonical(&serde_json::to_value(request)?)]), 16);
        let (base, site) = match source {
            QuestionSource::Named(name) => (name.into_owned(), None),
            QuestionSource::Site(location) => {
                let site = site(location);
                // With the digest in it, questions of one line cannot be taken for each other.
                (format!("{site}-{}", digest.get(..8).unwrap_or_default()), Some((site, location)))
            }
        };
        Ok(Self { key: occurrence(base, seen), site, digest })
    }
}

/// `key`, `key#2`, `key#3`…
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

/// `ask-1f2e3d`: tells lines apart without telling which they are.
fn site(location: &Location<'_>) -> String {
    let (line, column) = (location.line().to_be_bytes(), location.column().to_be_bytes());
    format!("ask-{}", hex(&digest(&[location.file().as_bytes(), &line, &column]), 3))
}

pub(crate) fn hex(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).fold(String::with_capacity(2 * most), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a string cannot fail.
        text
    })
}

#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use mcp_core::types::{ElicitParams, ElicitSchema};

    use super::*;

    #[test]
    fn keys_tell_lines_questions_and_occurrences_apart() {
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
