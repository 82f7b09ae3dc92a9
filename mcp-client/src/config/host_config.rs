//! A configuration file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::{ConfigError, ConfigErrorKind};
use super::group_name::GroupNames;
use super::ignored::Ignored;
use super::inputs::Input;
use super::limits::ConfigLimits;
use super::pointer::join;
use super::server_entry::ServerEntry;

/// The servers of a configuration file, as it is written: variables are replaced when a group is
/// started ([`ClientGroup::from_config`](crate::ClientGroup::from_config)).
///
/// Read are the member `mcpServers` of Claude, Cursor, Gemini CLI, Windsurf and Cline, and
/// `servers` with `inputs` of VS Code, in a file of its own or below `mcp` in its settings.
/// Comments and trailing commas are allowed. `Debug` shows no arguments, values of variables or
/// header fields.
///
/// ```
/// use mcp_client::config::HostConfig;
///
/// let file = r#"{ "mcpServers": { "notes": { "command": "notes-server", "trust": true } } }"#;
/// let config = HostConfig::parse(file)?;
/// assert_eq!(config.servers()[0].name(), "notes");
/// assert_eq!(config.ignored().len(), 1); // the member `trust`
/// # Ok::<(), mcp_client::config::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HostConfig {
    servers: Vec<ServerEntry>,
    inputs: Vec<Input>,
    ignored: Vec<Ignored>,
    pub(super) limits: ConfigLimits,
}

impl HostConfig {
    /// Reads a file, with the default limits. Blocks while the disk is read.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::config::HostConfig;
    ///
    /// let config = HostConfig::read(".mcp.json")?;
    /// for server in config.servers() {
    ///     println!("{}: {:?}", server.name(), server.kind());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`HostConfig::parse`], and if the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::read_with_limits(path, ConfigLimits::new())
    }

    /// As [`HostConfig::read`], with other limits.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::config::{ConfigLimits, HostConfig};
    ///
    /// let mut limits = ConfigLimits::new();
    /// limits.max_servers = 16; // The file came with a project.
    /// let config = HostConfig::read_with_limits(".mcp.json", limits)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`HostConfig::read`].
    pub fn read_with_limits(
        path: impl AsRef<Path>,
        limits: ConfigLimits,
    ) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut text = String::new();
        let max = limits.max_file_bytes as u64;
        let read = File::open(path)
            .and_then(|file| file.take(max.saturating_add(1)).read_to_string(&mut text));
        read.map_err(|error| {
            let message = format!("the file {} cannot be read", path.display());
            ConfigError::new(ConfigErrorKind::Unreadable, "", message).with_source(error)
        })?;
        Self::parse_with_limits(&text, limits)
    }

    /// Reads the text of a file, with the default limits.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "args": ["--verbose"] } } }"#;
    /// let error = HostConfig::parse(file).expect_err("neither a command nor a URL");
    /// assert_eq!((error.pointer(), error.server()), ("/mcpServers/notes", Some("notes")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it is not JSON, has no servers, or one of them is not an object with a command or a URL.
    /// The first mistake is reported.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::parse_with_limits(text, ConfigLimits::new())
    }

    /// As [`HostConfig::parse`], with other limits.
    ///
    /// ```
    /// use mcp_client::config::{ConfigErrorKind, ConfigLimits, HostConfig};
    ///
    /// let mut limits = ConfigLimits::new();
    /// limits.max_file_bytes = 16;
    /// let file = r#"{ "mcpServers": { "notes": { "command": "notes-server" } } }"#;
    /// let error = HostConfig::parse_with_limits(file, limits).expect_err("too long");
    /// assert_eq!(error.kind(), ConfigErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`HostConfig::parse`].
    pub fn parse_with_limits(text: &str, limits: ConfigLimits) -> Result<Self, ConfigError> {
        if text.len() > limits.max_file_bytes {
            let max = limits.max_file_bytes;
            let message =
                format!("the file has more than {max} bytes (`ConfigLimits::max_file_bytes`)");
            return Err(ConfigError::new(ConfigErrorKind::Limit, "", message));
        }
        let text = super::jsonc::without_comments(text.trim_start_matches('\u{feff}'));
        // The parser's message could show a piece of the text, so only the position is reported.
        let root: Value = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("the file is not JSON (line {line}, column {column})");
            ConfigError::new(ConfigErrorKind::Syntax, "", message)
        })?;
        let Value::Object(root) = root else {
            return Err(ConfigError::form("", "the file is not a JSON object"));
        };
        let mut config =
            Self { servers: Vec::new(), inputs: Vec::new(), ignored: Vec::new(), limits };
        config.members(root, "", &mut GroupNames::default())?;
        Ok(config)
    }

    fn members(
        &mut self,
        members: Map<String, Value>,
        at: &str,
        names_in_group: &mut GroupNames,
    ) -> Result<(), ConfigError> {
        let names = ["mcpServers", "servers"].map(|name| members.contains_key(name));
        let has_settings = at.is_empty() && members.get("mcp").is_some_and(Value::is_object);
        match names {
            [true, true] => {
                let message = "the file has both \"mcpServers\" and \"servers\"; keep one of them";
                return Err(ConfigError::form(at, message));
            }
            [false, false] if !has_settings => {
                let message = "the file has no servers; name them in \"mcpServers\": {\"NAME\": \
                               {\"command\": \"PROGRAM\", \"args\": []}}";
                return Err(ConfigError::form(at, message));
            }
            _ => {}
        }
        for (name, value) in members {
            let pointer = join(at, &name);
            match (name.as_str(), value) {
                ("mcpServers" | "servers", Value::Object(servers)) => {
                    let (found, max) = (servers.len(), self.limits.max_servers);
                    if found > max {
                        let message = format!(
                            "the file has {found} servers, and `ConfigLimits::max_servers` is {max}"
                        );
                        return Err(ConfigError::new(ConfigErrorKind::Limit, pointer, message));
                    }
                    for (name, entry) in servers {
                        let group_name = names_in_group.add(&name);
                        self.server(&pointer, name, group_name, entry)?;
                    }
                }
                ("mcpServers" | "servers", _) => {
                    let message = "it is not an object; write {\"NAME\": {…}}";
                    return Err(ConfigError::form(pointer, message));
                }
                ("inputs", Value::Array(inputs)) => {
                    for (index, input) in inputs.iter().enumerate() {
                        let read = Input::read(input).map_err(|missing| {
                            let message = format!("the input has no text {missing:?}; add it");
                            ConfigError::form(join(&pointer, &index.to_string()), message)
                        });
                        self.inputs.push(read?);
                    }
                }
                // The settings of VS Code.
                ("mcp", Value::Object(inner)) if has_settings && names == [false, false] => {
                    self.members(inner, &pointer, names_in_group)?;
                }
                ("$schema", _) => {}
                (_, value) => self.ignored.push(Ignored { pointer, value }),
            }
        }
        Ok(())
    }

    fn server(
        &mut self,
        at: &str,
        name: String,
        group_name: String,
        entry: Value,
    ) -> Result<(), ConfigError> {
        let pointer = join(at, &name);
        let (entry, ignored) = ServerEntry::read(&pointer, &name, group_name, entry)
            .map_err(|error| error.of_server(&name))?;
        self.servers.push(entry);
        self.ignored.extend(ignored);
        Ok(())
    }

    /// The servers, in the order of the file.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "servers": { "notes": { "command": "a" }, "mail": { "command": "b" } } }"#;
    /// let config = HostConfig::parse(file)?;
    /// let names: Vec<&str> = config.servers().iter().map(|server| server.name()).collect();
    /// assert_eq!(names, ["notes", "mail"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn servers(&self) -> &[ServerEntry] {
        &self.servers
    }

    /// What the user has to be asked for, where the file is one of VS Code.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{
    ///     "inputs": [{ "id": "key", "type": "promptString", "password": true }],
    ///     "servers": { "notes": { "command": "notes-server", "env": { "KEY": "${input:key}" } } }
    /// }"#;
    /// assert!(HostConfig::parse(file)?.inputs()[0].is_password);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The members that have no meaning here, with their values: those of other programs that share
    /// the file, and what may be a mistake. A host should show their pointers.
    ///
    /// ```
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "notes-server", "arg": ["-v"] } } }"#;
    /// let config = HostConfig::parse(file)?;
    /// assert_eq!(config.ignored()[0].pointer, "/mcpServers/notes/arg"); // It should be `args`.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }
}
