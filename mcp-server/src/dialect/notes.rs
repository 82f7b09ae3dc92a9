//! What a dialect cannot express, as a part of the description.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::parts::{fixed_values, is_annotation};

/// The values of an enum, with their documentation.
pub(super) type Documented = Vec<(Value, Option<String>)>;

/// Returns the values of an alternative that is nothing but fixed values, with its documentation.
pub(super) fn documented(alternative: &Map<String, Value>) -> Option<Documented> {
    let is_fixed = alternative.keys().all(|keyword| {
        matches!(keyword.as_str(), "const" | "enum" | "type") || is_annotation(keyword)
    });
    let values = fixed_values(alternative).filter(|_| is_fixed)?;
    let docs = alternative.get("description").and_then(Value::as_str).map(str::to_owned);
    Some(values.iter().map(|value| (value.clone(), docs.clone())).collect())
}

/// What becomes a part of the description.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Whole sentences.
    sentences: Vec<String>,
    /// Keywords with their values.
    keywords: Vec<String>,
}

impl Notes {
    pub(super) fn sentence(&mut self, text: impl Into<String>) {
        self.sentences.push(text.into());
    }

    pub(super) fn keyword(&mut self, keyword: &str, value: &Value) {
        self.keywords.push(format!("{keyword}: {value}"));
    }

    /// Notes the documentation of the values of an enum.
    pub(super) fn values(&mut self, values: &Documented) {
        if values.iter().all(|(_, docs)| docs.is_none()) {
            return;
        }
        let mut text = "One of:".to_owned();
        for (value, docs) in values {
            // Writing to a string cannot fail.
            let _ = match docs {
                Some(docs) => write!(text, "\n- {value}: {docs}"),
                None => write!(text, "\n- {value}"),
            };
        }
        self.sentences.push(text);
    }

    /// Returns the description of a schema with the notes behind it.
    pub(super) fn description(&self, schema: &Map<String, Value>) -> Option<String> {
        let own = schema.get("description").and_then(Value::as_str).map(str::to_owned);
        let keywords = match &self.keywords[..] {
            [] => None,
            keywords => Some(format!("({})", keywords.join("; "))),
        };
        let parts: Vec<String> =
            own.into_iter().chain(self.sentences.iter().cloned()).chain(keywords).collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }
}
