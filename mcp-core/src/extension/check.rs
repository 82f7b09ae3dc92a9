//! The check of an extension, before it is declared.

use std::fmt;

use serde_json::Value;

use crate::meta;
use crate::method::{self, Row};

/// Why an extension cannot be declared.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidExtension {
    /// What is invalid: `extension` or `method`.
    pub kind: &'static str,
    /// The id of the extension, or the name of the method.
    pub name: String,
    /// The reason.
    pub reason: &'static str,
}

impl fmt::Display for InvalidExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} \"{}\" is invalid: {}", self.kind, self.name, self.reason)
    }
}

impl std::error::Error for InvalidExtension {}

/// Checks the id of an extension, its settings, and the rows of its methods.
///
/// # Errors
/// The first mistake.
pub fn check(id: &str, settings: &Value, rows: &[Row]) -> Result<(), InvalidExtension> {
    let invalid =
        |kind, name: &str, reason| Err(InvalidExtension { kind, name: name.to_owned(), reason });
    if !(meta::is_valid_key(id) && id.contains('/')) {
        let reason = "an id is a prefix, a slash and a name, such as com.example/search";
        return invalid("extension", id, reason);
    }
    if !settings.is_object() {
        let reason = "the settings must be an object; pass json!({}) for no settings";
        return invalid("extension", id, reason);
    }
    for row in rows {
        if row.extension != Some(id) {
            let reason = "its row in METHODS has the id of another extension";
            return invalid("method", row.name, reason);
        }
        if method::find(row.name).is_some() {
            return invalid("method", row.name, "the protocol defines a method with this name");
        }
    }
    Ok(())
}
