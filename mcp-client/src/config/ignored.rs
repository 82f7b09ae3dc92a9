//! Members of a file that have no meaning here.

use std::fmt;

use serde_json::Value;

/// A member of a file that has no meaning here.
///
/// ```
/// use mcp_client::config::HostConfig;
///
/// let file = r#"{ "mcpServers": { "notes": { "command": "notes-server", "arg": ["-v"] } } }"#;
/// for ignored in HostConfig::parse(file)?.ignored() {
///     eprintln!("{ignored}"); // /mcpServers/notes/arg: …
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Ignored {
    /// Where it is, as a JSON pointer.
    pub pointer: String,
    /// What it is. It may be a secret, so `Debug` does not show it.
    pub value: Value,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the member has no meaning here and is ignored", self.pointer)
    }
}

impl fmt::Debug for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ignored").field("pointer", &self.pointer).finish_non_exhaustive()
    }
}
