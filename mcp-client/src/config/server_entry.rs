//! One server of a configuration file.

use std::fmt;

use serde_json::{Map, Value};

use super::error::ConfigError;
use super::ignored::Ignored;
use super::pointer::join;
use crate::fnv::fnv;

/// A server of a configuration file, as it is written.
///
/// ```
/// use mcp_client::config::{HostConfig, ServerKind};
///
/// let file = r#"{ "mcpServers": { "My notes": { "command": "notes-server" } } }"#;
/// let config = HostConfig::parse(file)?;
/// let notes = &config.servers()[0];
/// assert_eq!((notes.name(), notes.group_name()), ("My notes", "My-notes"));
/// assert_eq!(notes.kind(), ServerKind::Command);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServerEntry {
    name: String,
    group_name: String,
    pointer: String,
    is_disabled: bool,
    pub(super) way: Way,
    /// What identifies the server: a digest of how it is reached.
    pub(super) digest: u64,
}

/// How a server is reached.
///
/// ```
/// use mcp_client::config::{HostConfig, ServerKind};
///
/// let file = r#"{ "mcpServers": { "notes": { "url": "https://mcp.example.com/mcp" } } }"#;
/// assert_eq!(HostConfig::parse(file)?.servers()[0].kind(), ServerKind::Url);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerKind {
    /// A program that is started, over its standard streams.
    Command,
    /// A URL, over Streamable HTTP or HTTP+SSE: which of them, the client finds out.
    Url,
}

/// A text of the file, and where it is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) pointer: String,
    pub(super) text: String,
}

/// How a server is reached, as it is written.
#[derive(Clone)]
pub(super) enum Way {
    Command { command: Place, args: Vec<Place>, env: Vec<(String, Place)>, cwd: Option<Place> },
    Url { url: Place, headers: Vec<(String, Place)> },
}

impl Way {
    /// What identifies the server. Values of variables and header fields, and queries, are left
    /// out: they may be secrets.
    fn digest(&self) -> u64 {
        let mut parts = Vec::new();
        match self {
            Self::Command { command, args, .. } => {
                parts.push(command.text.as_str());
                parts.extend(args.iter().map(|arg| arg.text.as_str()));
            }
            Self::Url { url, .. } => parts.extend(url.text.split('?').next()),
        }
        fnv(&parts.join("\n"))
    }

    /// The texts whose variables are replaced.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let (first, args, map, cwd) = match self {
            Self::Command { command, args, env, cwd } => (command, &args[..], env, cwd.as_ref()),
            Self::Url { url, headers } => (url, &[][..], headers, None),
        };
        let values = map.iter().map(|(_, place)| place);
        std::iter::once(first).chain(args).chain(values).chain(cwd)
    }
}

/// The names that hosts have for the URL of a server.
const URLS: [&str; 3] = ["url", "httpUrl", "serverUrl"];

impl ServerEntry {
    /// Reads an entry, and what has no meaning in it.
    pub(super) fn read(
        pointer: &str,
        name: &str,
        group_name: String,
        entry: Value,
    ) -> Result<(Self, Vec<Ignored>), ConfigError> {
        let Value::Object(mut members) = entry else {
            let message = "the server is not an object; write {\"command\": \"PROGRAM\"} or \
                           {\"url\": \"https://…\"}";
            return Err(ConfigError::form(pointer, message));
        };
        let is_disabled = flag(pointer, &mut members, "disabled")?.unwrap_or(false)
            || !flag(pointer, &mut members, "enabled")?.unwrap_or(true);
        let kind = match text(pointer, &mut members, "type")? {
            Some(kind) => Some((kind_of(&kind)?, kind)),
            None => None,
        };
        let command = text(pointer, &mut members, "command")?;
        let mut urls = Vec::new();
        for name in URLS {
            urls.extend(text(pointer, &mut members, name)?);
        }
        let way = match (command, urls.len()) {
            (Some(command), 0) => Way::Command {
                command,
                args: texts(pointer, &mut members, "args")?,
                env: map(pointer, &mut members, "env")?,
                cwd: text(pointer, &mut members, "cwd")?,
            },
            (None, 1) => {
                let headers = map(pointer, &mut members, "headers")?;
                Way::Url { url: urls.remove(0), headers }
            }
            (None, 0) => {
                let message = "the server has neither \"command\" nor \"url\"; add one of them";
                return Err(ConfigError::form(pointer, message));
            }
            _ => {
                let message = "the server has more than one of \"command\", \"url\", \"httpUrl\" \
                               and \"serverUrl\"; keep one of them";
                return Err(ConfigError::form(pointer, message));
            }
        };
        let found = match way {
            Way::Command { .. } => ServerKind::Command,
            Way::Url { .. } => ServerKind::Url,
        };
        if let Some((_, place)) = kind.filter(|(kind, _)| *kind != found) {
            let member = if found == ServerKind::Command { "command" } else { "url" };
            let message =
                format!("the type {:?} does not fit the member {member:?}; remove it", place.text);
            return Err(ConfigError::form(place.pointer, message));
        }
        let ignored = members
            .into_iter()
            .map(|(name, value)| Ignored { pointer: join(pointer, &name), value })
            .collect();
        let digest = way.digest();
        let (name, pointer) = (name.to_owned(), pointer.to_owned());
        Ok((Self { name, group_name, pointer, is_disabled, way, digest }, ignored))
    }

    /// The name in the file.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// /// What the user sees in the settings.
    /// fn names(config: &HostConfig) -> Vec<&str> {
    ///     config.servers().iter().map(|server| server.name()).collect()
    /// }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in the group: the same, with `-` for characters that names of a group do not have,
    /// and with a number if another one has it.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "My notes": { "command": "notes-server" } } }"#;
    /// let config = HostConfig::parse(file)?;
    /// assert_eq!(config.servers()[0].group_name(), "My-notes"); // Its tools: "My-notes__search".
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn group_name(&self) -> &str {
        &self.group_name
    }

    /// Where it is in the file, as a JSON pointer.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcp": { "servers": { "notes": { "command": "notes-server" } } } }"#;
    /// let config = HostConfig::parse(file)?;
    /// assert_eq!(config.servers()[0].pointer(), "/mcp/servers/notes");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether the file says that it is not started (`"disabled": true` or `"enabled": false`).
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "a", "disabled": true } } }"#;
    /// let config = HostConfig::parse(file)?;
    /// assert!(config.servers()[0].is_disabled()); // Listed, and not started.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// How it is reached.
    ///
    /// ```
    /// use mcp_client::config::{HostConfig, ServerEntry, ServerKind};
    ///
    /// /// The servers that need the consent of the user, because they run programs.
    /// fn programs(config: &HostConfig) -> impl Iterator<Item = &ServerEntry> {
    ///     config.servers().iter().filter(|server| server.kind() == ServerKind::Command)
    /// }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ServerKind {
        match self.way {
            Way::Command { .. } => ServerKind::Command,
            Way::Url { .. } => ServerKind::Url,
        }
    }
}

fn kind_of(place: &Place) -> Result<ServerKind, ConfigError> {
    match place.text.as_str() {
        "stdio" => Ok(ServerKind::Command),
        "http" | "sse" | "streamable-http" | "streamableHttp" | "streamable_http" => {
            Ok(ServerKind::Url)
        }
        _ => {
            let message = "the type is unknown; use \"stdio\", \"http\" or \"sse\"";
            Err(ConfigError::form(place.pointer.clone(), message))
        }
    }
}

fn wrong(pointer: String, expected: &str) -> ConfigError {
    ConfigError::form(pointer, format!("it is not {expected}"))
}

fn flag(
    at: &str,
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<bool>, ConfigError> {
    match members.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(wrong(join(at, name), "true or false")),
    }
}

fn text(
    at: &str,
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<Place>, ConfigError> {
    let pointer = join(at, name);
    match members.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(Place { pointer, text })),
        Some(_) => Err(wrong(pointer, "a text with at least one character")),
    }
}

fn texts(
    at: &str,
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Vec<Place>, ConfigError> {
    let pointer = join(at, name);
    let list = match members.shift_remove(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong(pointer, "a list of texts; write [\"ONE\", \"TWO\"]")),
    };
    let place = |(index, value): (usize, Value)| {
        let pointer = join(&pointer, &index.to_string());
        let Value::String(text) = value else { return Err(wrong(pointer, "a text; quote it")) };
        Ok(Place { pointer, text })
    };
    list.into_iter().enumerate().map(place).collect()
}

fn map(
    at: &str,
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Vec<(String, Place)>, ConfigError> {
    let pointer = join(at, name);
    let entries = match members.shift_remove(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(entries)) => entries,
        Some(_) => return Err(wrong(pointer, "an object of texts; write {\"NAME\": \"VALUE\"}")),
    };
    let place = |(name, value): (String, Value)| {
        let pointer = join(&pointer, &name);
        let text = match value {
            Value::String(text) => text,
            // Some write a number or a flag without quotes.
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return Err(wrong(pointer, "a text; quote it")),
        };
        Ok((name, Place { pointer, text }))
    };
    entries.into_iter().map(place).collect()
}

impl fmt::Debug for ServerEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ServerEntry");
        shown.field("name", &self.name).field("is_disabled", &self.is_disabled);
        // Arguments, values and queries may be secrets.
        let names = |map: &[(String, Place)]| -> Vec<String> {
            map.iter().map(|(name, _)| name.clone()).collect()
        };
        match &self.way {
            Way::Command { command, args, env, .. } => shown
                .field("command", &command.text)
                .field("args", &args.len())
                .field("env", &names(env)),
            Way::Url { headers, .. } => shown.field("headers", &names(headers)),
        };
        shown.finish_non_exhaustive()
    }
}
