//! The client: a connection, and a method for everything that can be asked.

use std::collections::HashMap;
use std::fmt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::StreamExt as _;
use futures::stream;
use mcp_core::json::JsonBytes;
use mcp_core::method::{Method, NotificationMethod, SKILLS_EXTENSION};
use mcp_core::revision::Revision;
use mcp_core::service::Accept;
use mcp_core::types::{
    CompleteResult, CompletionArgument, CompletionContext, CompletionReference, DiscoverResult,
    EmptyResult, GetPromptResult, GetSkillResult, Implementation, LoggingLevel, Prompt,
    ReadResourceResult, Resource, ResourceTemplate, Root, ServerCapabilities, Skill,
    SubscriptionFilter, Tool,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::builder::ClientBuilder;
use crate::call::{self, Call, List, Listing, PendingInput, SavedInput, ToolReply};
use crate::child_process::ChildCommand;
use crate::era::{KnownServer, Session};
use crate::error::{Error, ErrorKind};
use crate::event::{LogMessages, Notifications};
use crate::params::Params;
use crate::request::{Timeouts, Wire};
use crate::skill::DirectoryEntry;
#[cfg(feature = "skills")]
use crate::skill::{self, LoadedSkill};
use crate::subscription::{self, Subscription};

/// A connection to an MCP server.
///
/// A clone is another handle of the same connection. When the last one is dropped the connection ends, and a
/// server that was started as a child process is killed with its process group; [`Client::close`] is gentle.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::process::Command;
/// use mcp_client::{Client, serde_json::json};
///
/// let client = Client::connect_command(Command::new("notes-server")).await?;
/// for tool in client.list_tools().await? {
///     println!("{}", tool.name);
/// }
/// let sum: i64 = client.call_tool("add", &json!({"a": 1, "b": 2})).await?.structured()?;
/// client.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    wire: Wire,
    session: Session,
    timeouts: Timeouts,
    /// What modern requests ask for, and what a legacy session was told.
    log_level: Mutex<Option<LoggingLevel>>,
    /// How many subscriptions watch a resource, in the legacy era.
    watched: Mutex<HashMap<String, usize>>,
}

/// A client that others keep alive.
#[derive(Clone)]
pub(crate) struct WeakClient(Weak<Inner>);

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(Client)
    }
}

impl fmt::Debug for WeakClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakClient")
    }
}

/// Beginning and end.
impl Client {
    /// A client that can be given handlers, timeouts and bounds before it connects.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Starts a server as a child process and connects to it.
    ///
    /// # Errors
    /// When the process cannot be started, ends, or speaks no common revision.
    pub async fn connect_command(command: impl Into<ChildCommand>) -> Result<Self, Error> {
        Self::builder().connect_command(command).await
    }

    /// Connects over a pair of byte streams.
    ///
    /// # Errors
    /// When the connection fails, or there is no common revision.
    pub async fn connect<R, W>(reader: R, writer: W) -> Result<Self, Error>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        Self::builder().connect(reader, writer).await
    }

    /// Connects to a server in this process.
    ///
    /// # Errors
    /// When there is no common revision.
    pub async fn connect_memory<A: Accept>(server: &A) -> Result<Self, Error> {
        Self::builder().connect_memory(server).await
    }

    /// Connects to a server on the network, by the URL of its MCP endpoint.
    ///
    /// # Errors
    /// When the URL is none, the server cannot be reached or refuses, there is no authorization, or no common
    /// revision.
    #[cfg(feature = "http")]
    pub async fn connect_http(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect_http(url).await
    }

    pub(crate) fn new(wire: Wire, session: Session, timeouts: Timeouts) -> Self {
        let client = Self(Arc::new(Inner {
            wire,
            session,
            timeouts,
            log_level: Mutex::default(),
            watched: Mutex::default(),
        }));
        client.wire().inbound.attach(WeakClient(Arc::downgrade(&client.0)));
        client
    }

    /// Ends the connection for all clones of this client: what is on its way out is still written.
    ///
    /// A child process has its input closed, then 2 s to exit, then gets SIGTERM, and 2 s later SIGKILL
    /// ([`ChildCommand`] sets the times); so does its process group. Gives the child's exit status.
    pub async fn close(&self) -> Option<ExitStatus> {
        self.0.wire.connection.close().await
    }

    /// The process id of a server that was started as a child process; on Unix that of its process group too.
    #[must_use]
    pub fn child_id(&self) -> Option<u32> {
        self.0.wire.connection.child_id()
    }

    /// The exit status of a server that was started as a child process, once it has exited.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.0.wire.connection.exit_status()
    }

    /// The revision that is spoken.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.session.revision
    }

    /// How the server is spoken to, to be kept for the next time: [`ClientBuilder::known_server`].
    #[must_use]
    pub fn known_server(&self) -> KnownServer {
        KnownServer { revision: self.revision(), http_sse: self.0.wire.connection.is_http_sse() }
    }

    /// Who the server says it is. For display and logs: neither behaviour nor security may rest on it.
    #[must_use]
    pub fn server_info(&self) -> Option<&Implementation> {
        self.0.session.server_info.as_ref()
    }

    /// What the server can do.
    #[must_use]
    pub fn server_capabilities(&self) -> &ServerCapabilities {
        &self.0.session.capabilities
    }

    /// How to use the server, for the model.
    #[must_use]
    pub fn instructions(&self) -> Option<&str> {
        self.0.session.instructions.as_deref()
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.0.wire
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.0.timeouts
    }
}

/// Tools.
impl Client {
    /// Calls a tool. The arguments are a struct, a map, or `json!({…})`; `&()` for none.
    pub fn call_tool<A: Serialize + ?Sized>(&self, name: &str, arguments: &A) -> Call<ToolReply> {
        let params = Params::new().with("name", name);
        let params = params.and_then(|params| params.with_object("arguments", arguments));
        Call::new(self, "tools/call", params)
    }

    /// Goes on with a call that waits for answers and was kept ([`PendingInput::save`]), by another client of the
    /// same server; that may be in another process. `T` is the result of the call, [`ToolReply`] for a tool.
    ///
    /// ```no_run
    /// # async fn example(client: mcp_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::types::InputResponses;
    /// use mcp_client::{Outcome, SavedInput, ToolReply, serde_json};
    ///
    /// let saved: SavedInput = serde_json::from_slice(&std::fs::read("pending.json")?)?;
    /// let pending = client.restore::<ToolReply>(saved)?;
    /// let answers = InputResponses::new(); // to what `pending.asked` asks
    /// if let Outcome::Complete(reply) = pending.resume(answers).await? {
    ///     println!("{}", reply.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::UnsupportedVersion`] when this client speaks another revision than the one that asked;
    /// [`ErrorKind::InvalidArgument`] when what was kept is not what was saved.
    pub fn restore<T>(&self, saved: SavedInput) -> Result<PendingInput<T>, Error> {
        call::restore(self, saved)
    }

    /// The tools, all pages of them.
    pub fn list_tools(&self) -> List<Tool> {
        List::new(self)
    }

    /// The tools as a stream, page after page.
    #[must_use]
    pub fn tools(&self) -> Listing<Tool> {
        self.list_tools().into_stream()
    }
}

/// Prompts and completion.
impl Client {
    /// Gets a prompt. The arguments are a struct or map of texts; `&()` for none.
    pub fn get_prompt<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Call<GetPromptResult> {
        let params = Params::new().with("name", name);
        let params = params.and_then(|params| params.with_object("arguments", arguments));
        Call::new(self, "prompts/get", params)
    }

    /// The prompts, all pages of them.
    pub fn list_prompts(&self) -> List<Prompt> {
        List::new(self)
    }

    /// The prompts as a stream, page after page.
    #[must_use]
    pub fn prompts(&self) -> Listing<Prompt> {
        self.list_prompts().into_stream()
    }

    /// Proposals for an argument of a prompt or a resource template, of which `value` is typed so far.
    pub fn complete(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        value: &str,
    ) -> Call<CompleteResult> {
        self.complete_with(reference, argument, value, None)
    }

    /// As [`Client::complete`], with the arguments that have a value already.
    pub fn complete_with(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        value: &str,
        context: Option<CompletionContext>,
    ) -> Call<CompleteResult> {
        let params = || {
            let argument = CompletionArgument::new(argument, value);
            let params =
                Params::new().with("ref", &reference.into())?.with("argument", &argument)?;
            match context {
                Some(context) => params.with("context", &context),
                None => Ok(params),
            }
        };
        Call::new(self, "completion/complete", params())
    }
}

/// Resources.
impl Client {
    /// Reads a resource.
    pub fn read_resource(&self, uri: &str) -> Call<ReadResourceResult> {
        Call::new(self, "resources/read", Params::new().with("uri", uri))
    }

    /// The resources, all pages of them.
    pub fn list_resources(&self) -> List<Resource> {
        List::new(self)
    }

    /// The resources as a stream, page after page.
    #[must_use]
    pub fn resources(&self) -> Listing<Resource> {
        self.list_resources().into_stream()
    }

    /// The templates of resources, all pages of them.
    pub fn list_resource_templates(&self) -> List<ResourceTemplate> {
        List::new(self)
    }

    /// The templates of resources as a stream, page after page.
    #[must_use]
    pub fn resource_templates(&self) -> Listing<ResourceTemplate> {
        self.list_resource_templates().into_stream()
    }

    /// Watches one resource of a legacy server; the updates come in [`Client::notifications`].
    ///
    /// [`Client::subscribe`] does this for servers of both eras, and undoes it.
    pub fn subscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, "resources/subscribe", Params::new().with("uri", uri))
    }

    /// Ends what [`Client::subscribe_resource`] began.
    pub fn unsubscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, "resources/unsubscribe", Params::new().with("uri", uri))
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch(&self, uri: &str) {
        *self.watched().entry(uri.to_owned()).or_default() += 1;
    }

    /// Gives back the resources that no subscription watches any more.
    pub(crate) fn unwatch(&self, uris: Vec<String>) -> Vec<String> {
        let mut watched = self.watched();
        let is_last = |uri: &String| match watched.get_mut(uri) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            _ => watched.remove(uri).is_some(),
        };
        uris.into_iter().filter(is_last).collect()
    }

    /// Tells a new legacy session what the one before it was told: the log level, and the resources that are
    /// watched.
    pub(crate) async fn watch_again(&self) {
        /// Requests at a time.
        const AT_A_TIME: usize = 8;
        let level = *self.0.log_level.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(level) = level
            && let Err(error) = self.set_log_level(level).await
        {
            tracing::warn!(%error, "the log level could not be set in the new session");
        }
        let uris: Vec<String> = self.watched().keys().cloned().collect();
        let watch = async |uri: String| {
            if let Err(error) = self.subscribe_resource(&uri).await {
                tracing::warn!(%error, uri, "a resource could not be watched in the new session");
                self.0.wire.inbound.cannot_watch(&uri, &error);
            }
        };
        stream::iter(uris).for_each_concurrent(AT_A_TIME, watch).await;
    }
}

/// Skills, of servers that declare the extension `io.modelcontextprotocol/skills`.
impl Client {
    /// The skills, all pages of them: their front matter and the digests of their files, and nothing of the files.
    ///
    /// A server may list a part of its skills, or none; [`Client::get_skill`] gets those that it does not.
    pub fn list_skills(&self) -> List<Skill> {
        List::new(self).refused(self.missing_extension(None))
    }

    /// The skills as a stream, page after page.
    #[must_use]
    pub fn skills(&self) -> Listing<Skill> {
        self.list_skills().into_stream()
    }

    /// What the server lists of one skill, by the URI of its `SKILL.md`.
    pub fn get_skill(&self, uri: &str) -> Call<GetSkillResult> {
        let params = match self.missing_extension(None) {
            Some(reason) => Err(Error::new(ErrorKind::InvalidArgument, reason)),
            None => Params::new().with("uri", uri),
        };
        Call::new(self, "skills/get", params)
    }

    /// Reads the `SKILL.md` of a skill and checks its size, its digest and its front matter against what was listed,
    /// before anything of it is given out. Other files are read, and checked, when they are asked for
    /// ([`LoadedSkill::read`]). Dropping the future cancels the read; nothing is left behind.
    ///
    /// ```no_run
    /// # async fn example(client: mcp_client::Client) -> Result<(), mcp_client::Error> {
    /// for skill in client.list_skills().await? {
    ///     println!("{}: {}", skill.uri, skill.frontmatter["description"]);
    /// }
    /// let skill = client.get_skill("skill://pdf-processing/SKILL.md").await?.skill;
    /// // Ask the user, then:
    /// let skill = client.load_skill(&skill).await?;
    /// println!("{}", skill.instructions());
    /// let forms = skill.read("references/FORMS.md").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the entry is invalid or the skill larger than 512 files and 16 MiB;
    /// [`ErrorKind::Mismatch`] when what was read is not what was listed; else as for any call.
    #[cfg(feature = "skills")]
    pub async fn load_skill(&self, skill: &Skill) -> Result<LoadedSkill, Error> {
        skill::load(self, skill).await
    }

    /// What is in a directory of resources, of servers that declare `directoryRead` with their skills.
    pub fn read_directory(&self, uri: &str) -> List<DirectoryEntry> {
        let missing = self.missing_extension(Some("directoryRead"));
        List::new(self).of(Params::new().with("uri", uri)).refused(missing)
    }

    /// Why the methods of skills are not sent to this server.
    fn missing_extension(&self, setting: Option<&str>) -> Option<String> {
        let Some(settings) = self.server_capabilities().extension(SKILLS_EXTENSION) else {
            return Some(format!(
                "the server does not declare {SKILLS_EXTENSION}: it has no skills"
            ));
        };
        let setting = setting
            .filter(|setting| settings.get(setting) != Some(&serde_json::Value::Bool(true)))?;
        Some(format!(
            "the server declares {SKILLS_EXTENSION} without {setting}: its directories cannot be read"
        ))
    }
}

/// Notifications.
impl Client {
    /// Asks to be told of changes. The future is done when the server has agreed.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time. Dropping the future ends what was begun.
    pub async fn subscribe(&self, filter: SubscriptionFilter) -> Result<Subscription, Error> {
        subscription::subscribe(self, filter).await
    }

    /// Everything that the server tells from now on, but progress.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self.0.wire.inbound.listen(None))
    }

    /// The server's log messages from now on. See [`Client::set_log_level`].
    #[must_use]
    pub fn log_messages(&self) -> LogMessages {
        LogMessages::new(self.notifications())
    }

    /// Asks for log messages of this severity and above. A legacy server is told once; a modern one with every
    /// request from now on.
    ///
    /// # Errors
    /// When a legacy server refuses.
    pub async fn set_log_level(&self, level: LoggingLevel) -> Result<(), Error> {
        if !self.session().is_modern() {
            let params = Params::new().with("level", &level);
            Call::<EmptyResult>::new(self, "logging/setLevel", params).await?;
        }
        *self.0.log_level.lock().unwrap_or_else(PoisonError::into_inner) = Some(level);
        Ok(())
    }

    pub(crate) fn log_level(&self) -> Option<LoggingLevel> {
        if !self.session().is_modern() {
            return None;
        }
        *self.0.log_level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the roots, and tells a legacy server that they changed; a modern one asks when it needs them.
    ///
    /// # Errors
    /// When the client was built without roots: it has declared to have none.
    pub async fn set_roots(&self, roots: impl IntoIterator<Item = Root>) -> Result<(), Error> {
        if !self.0.wire.inbound.handlers.replace_roots(roots.into_iter().collect()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the client was built without roots",
            ));
        }
        if !self.session().is_modern() {
            self.0.wire.notify("notifications/roots/list_changed", JsonBytes::empty_object()).await;
        }
        Ok(())
    }
}

/// Everything else.
impl Client {
    /// Asks a legacy server for a sign of life.
    pub fn ping(&self) -> Call<EmptyResult> {
        Call::new(self, "ping", Ok(Params::new()))
    }

    /// Asks a modern server again what it is and can do.
    pub fn discover(&self) -> Call<DiscoverResult> {
        Call::new(self, "server/discover", Ok(Params::new()))
    }

    /// Any request, by the marker of its [`Method`].
    ///
    /// `_meta` of the params is sent with what the client adds to it.
    pub fn request<M: Method>(&self, params: &M::Params) -> Call<M::Result>
    where
        M::Result: DeserializeOwned + 'static,
    {
        match Params::of(params) {
            Ok((params, meta)) => {
                let call = Call::new(self, M::NAME, Ok(params));
                match meta {
                    Some(meta) => call.meta(meta),
                    None => call,
                }
            }
            Err(error) => Call::new(self, M::NAME, Err(error)),
        }
    }

    /// Any notification, by the marker of its [`NotificationMethod`].
    ///
    /// # Errors
    /// When the params cannot be serialized. Whether it arrives is not known.
    pub async fn notify<N: NotificationMethod>(&self, params: &N::Params) -> Result<(), Error> {
        let params =
            JsonBytes::new(params).map_err(|error| Error::argument("the params", error))?;
        self.0.wire.notify(N::NAME, params).await;
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("revision", &self.revision())
            .field("server", &self.server_info().map(|info| &info.name))
            .finish_non_exhaustive()
    }
}
