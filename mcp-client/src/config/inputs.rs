//! What VS Code asks its user for: `inputs`.

use std::fmt;

use serde_json::Value;

/// A value that the user is asked for: an entry of `inputs` in a file of VS Code, which texts refer
/// to as `${input:id}`.
///
/// ```
/// use mcp_client::config::Input;
///
/// /// The initial text of the field in which the user answers.
/// fn initial(input: &Input) -> &str {
///     match &input.default {
///         Some(default) if !input.is_password => default,
///         _ => "",
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// What refers to it.
    pub id: String,
    /// How it is asked for: `promptString`, `pickString` or `command`.
    pub kind: String,
    /// What it is, in words for the user.
    pub description: Option<String>,
    /// Whether the value is a secret, which is not shown while it is entered.
    pub is_password: bool,
    /// The value that the user starts with.
    pub default: Option<String>,
    /// The values that the user chooses from.
    pub options: Vec<String>,
}

impl Input {
    /// Reads an entry. The error is the member that is missing.
    pub(super) fn read(entry: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let options = entry.get("options").and_then(Value::as_array);
        let label = |option: &Value| {
            let label = option.as_str().or_else(|| option.get("value").and_then(Value::as_str));
            label.map(str::to_owned)
        };
        Ok(Self {
            id: text("id").ok_or("id")?,
            kind: text("type").ok_or("type")?,
            description: text("description"),
            is_password: entry.get("password").and_then(Value::as_bool) == Some(true),
            default: text("default"),
            options: options.into_iter().flatten().filter_map(label).collect(),
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description.as_deref().unwrap_or(&self.id))
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, description, is_password, default, options } = self;
        let mut shown = f.debug_struct("Input");
        shown.field("id", id).field("kind", kind).field("description", description);
        shown.field("is_password", is_password);
        if !is_password {
            return shown.field("default", default).field("options", options).finish();
        }
        // They may be secrets.
        shown.field("has_default", &default.is_some()).field("options", &options.len()).finish()
    }
}
