//! What is wrong with a configuration file.

use std::fmt;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What kind of mistake a [`ConfigError`] is.
///
/// ```
/// use mcp_client::config::ConfigErrorKind;
///
/// fn advice(kind: ConfigErrorKind) -> &'static str {
///     match kind {
///         ConfigErrorKind::Variable => "set the variable and start again",
///         ConfigErrorKind::Syntax | ConfigErrorKind::Form => "correct the file",
///         _ => "see the log",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The file cannot be read.
    Unreadable,
    /// The file is not JSON.
    Syntax,
    /// A member has the wrong form, is missing, or contradicts another one.
    Form,
    /// A variable has no value.
    Variable,
    /// The user has to be asked for an input, and the host has not set how.
    Input,
    /// A limit is exceeded.
    Limit,
    /// The feature of this crate that the server needs is not enabled.
    Feature,
}

/// A mistake in a configuration file, and where it is. Of the values of the file it shows the names
/// of variables and inputs, and a type that does not fit its server; nothing else.
///
/// ```
/// use mcp_client::config::HostConfig;
///
/// let file = r#"{ "mcpServers": { "notes": { "command": 7 } } }"#;
/// let error = HostConfig::parse(file).expect_err("a command is a text");
/// assert!(error.to_string().starts_with("/mcpServers/notes/command: "), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ConfigError {
    kind: ConfigErrorKind,
    pointer: String,
    server: Option<String>,
    message: String,
    source: Option<BoxError>,
}

impl ConfigError {
    pub(super) fn new(
        kind: ConfigErrorKind,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self { kind, pointer, server: None, message, source: None }
    }

    pub(super) fn form(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ConfigErrorKind::Form, pointer, message)
    }

    pub(super) fn of_server(mut self, name: &str) -> Self {
        self.server = Some(name.to_owned());
        self
    }

    pub(super) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of mistake it is.
    ///
    /// ```
    /// use mcp_client::config::{ConfigErrorKind, HostConfig};
    ///
    /// let error = HostConfig::parse("{").expect_err("it ends too early");
    /// assert_eq!(error.kind(), ConfigErrorKind::Syntax);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// Where it is, as a JSON pointer (RFC 6901), such as `/mcpServers/notes/env/TOKEN`; empty for
    /// the whole file.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "a", "env": { "KEY": [] } } } }"#;
    /// let error = HostConfig::parse(file).expect_err("a variable is a text");
    /// assert_eq!(error.pointer(), "/mcpServers/notes/env/KEY"); // An editor can go there.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The server whose entry is wrong, by its name in the file.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let error = HostConfig::parse(r#"{ "mcpServers": { "notes": {} } }"#).expect_err("empty");
    /// assert_eq!(error.server(), Some("notes"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
