//! The group: servers that are added and removed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, MutexGuard, Weak};

use futures::future::join_all;
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use tokio::runtime::Handle;

use super::keeper::{Origin, factory};
use super::name;
use super::notification::{GroupNotifications, Listeners};
use super::owner::Owners;
use super::server::Server;
use super::server_state::GroupServer;
use super::settings::GroupSettings;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// Many servers as one: their tools, prompts and resources in one list, and calls that find their
/// server. A server that fails does not stop the others.
///
/// A clone is another handle of the same group. When the last one is dropped the group's
/// connections end, unless the host holds their clients too. Dropping the future of a call or a
/// list cancels its requests; connections that are being made go on.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::process::Command;
/// use mcp_client::{Client, ClientGroup, serde_json::json};
///
/// let group = ClientGroup::new();
/// group.add_with("files", || Client::connect_command(Command::new("files-server")))?;
/// group.add_with("notes", || Client::connect_command(Command::new("notes-server")))?;
///
/// let tools = group.list_tools().await;
/// for tool in &tools.items {
///     println!("{} of {}", tool.name, tool.server);
/// }
/// for failure in &tools.failures {
///     eprintln!("{}: {}", failure.server, failure.error);
/// }
/// let reply = group.call_tool("files__read", &json!({"path": "/etc/hosts"})).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientGroup(Arc<Inner>);

struct Inner {
    settings: GroupSettings,
    servers: Mutex<BTreeMap<Arc<str>, Arc<Server>>>,
    owners: Owners,
    listeners: Arc<Listeners>,
}

/// A group that is not kept.
#[derive(Clone)]
pub(crate) struct WeakGroup(Weak<Inner>);

impl WeakGroup {
    pub(crate) fn upgrade(&self) -> Option<ClientGroup> {
        self.0.upgrade().map(ClientGroup)
    }
}

/// Servers.
impl ClientGroup {
    pub(super) fn with(settings: GroupSettings) -> Self {
        let listeners = Arc::new(Listeners::new(&settings.limits));
        let (servers, owners) = Default::default();
        Self(Arc::new(Inner { settings, servers, owners, listeners }))
    }

    /// The group, without keeping it.
    pub(crate) fn downgrade(&self) -> WeakGroup {
        WeakGroup(Arc::downgrade(&self.0))
    }

    pub(super) fn owners(&self) -> &Owners {
        &self.0.owners
    }

    pub(super) fn settings(&self) -> &GroupSettings {
        &self.0.settings
    }

    fn servers_by_name(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Server>>> {
        self.0.servers.lock()
    }

    pub(super) fn all(&self) -> Vec<Arc<Server>> {
        self.servers_by_name().values().cloned().collect()
    }

    pub(super) fn find(&self, name: &str) -> Result<Arc<Server>, Error> {
        self.servers_by_name().get(name).cloned().ok_or_else(|| {
            let name = PeerText::with_max(name, 64);
            let message = format!("the group has no server \"{name}\"");
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }

    /// Adds a server that is connected already, under a name of the host's choice. The group does
    /// not reconnect to it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, ClientGroup};
    ///
    /// let group = ClientGroup::new();
    /// group.add("notes", Client::connect(reader, writer).await?)?;
    /// assert_eq!(&*group.servers()[0].name, "notes");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the name is taken or cannot be one (1 to 64 of `A-Z a-z 0-9 . - _`, without `__`, and
    /// without `_` at its ends), the group is full, or there is no Tokio runtime.
    pub fn add(&self, name: &str, client: Client) -> Result<(), Error> {
        self.insert(name, Origin::Given(client))
    }

    /// Adds a server, and begins to connect to it. When an attempt fails, or the connection is
    /// lost, `connect` is tried again: one attempt at a time, after random pauses that grow, until
    /// `Limits::max_reconnects` in a row have failed. Then [`ClientGroup::reconnect`] starts over.
    ///
    /// A server that exits is therefore restarted. Calls in flight fail, with
    /// [`ErrorKind::OutcomeUnknown`] if the server may have done the work, and none is repeated.
    /// Subscriptions of [`ClientGroup::subscribe`] are opened again. Lists are those of the new
    /// process; [`Event::Gap`](crate::Event::Gap) among the [`ClientGroup::notifications`] says that
    /// they may have changed. What else a new connection needs, such as a log level, is up to
    /// `connect`.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::process::Command;
    /// use mcp_client::{Client, ClientGroup};
    ///
    /// let group = ClientGroup::new();
    /// group.add_with("notes", || async {
    ///     let builder = Client::builder().client_info("my-host", "1.0.0");
    ///     builder.connect_command(Command::new("notes-server")).await
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`ClientGroup::add`]; a server that cannot be connected to is not among them.
    pub fn add_with<F, A>(&self, name: &str, connect: F) -> Result<(), Error>
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Client, Error>> + Send + 'static,
    {
        self.insert(name, Origin::Made { factory: factory(connect), ends: false })
    }

    /// As [`ClientGroup::add_with`], where each attempt of `connect` ends by itself.
    pub(crate) fn add_with_own_limit<F, A>(&self, name: &str, connect: F) -> Result<(), Error>
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Client, Error>> + Send + 'static,
    {
        self.insert(name, Origin::Made { factory: factory(connect), ends: true })
    }

    fn insert(&self, name: &str, origin: Origin) -> Result<(), Error> {
        name::check_server(name)?;
        let Ok(runtime) = Handle::try_current() else {
            let message = "a server can be added to a group only in a Tokio runtime";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        };
        let max = self.0.settings.limits.max_group_servers;
        let mut servers = self.servers_by_name();
        if servers.contains_key(name) {
            let message = format!("the group has a server \"{name}\" already");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if servers.len() >= max {
            let message =
                format!("the group has {max} servers already (Limits::max_group_servers)");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let name: Arc<str> = name.into();
        let server =
            Server::start(Arc::clone(&name), origin, &self.0.settings, &self.0.listeners, &runtime);
        servers.insert(name, Arc::new(server));
        Ok(())
    }

    /// Removes a server, and returns its connection if it is connected: dropping it ends it,
    /// [`Client::close`] ends it gently. Calls in flight continue, and subscriptions of the group
    /// end.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// if let Some(client) = group.remove("notes") {
    ///     client.close().await; // Gently; dropping it kills a child process.
    /// }
    /// assert!(group.servers().is_empty());
    /// # Ok(())
    /// # });
    /// ```
    pub fn remove(&self, name: &str) -> Option<Client> {
        let server = self.servers_by_name().remove(name)?;
        server.connected()
    }

    /// The servers and the states of their connections, by name.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::group::ServerState;
    ///
    /// for server in group.servers() {
    ///     match server.state {
    ///         ServerState::Connected => println!("{}: connected", server.name),
    ///         ServerState::Lost { reason, .. } => println!("{}: {reason}", server.name),
    ///         _ => println!("{}: connecting", server.name),
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn servers(&self) -> Vec<GroupServer> {
        self.all().iter().map(|server| server.describe()).collect()
    }

    /// The connection to a server, for everything that a group does not do. Waits while the group
    /// is connecting.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::types::CompletionReference;
    ///
    /// let notes = group.client("notes").await?; // The connection of this moment.
    /// let reference = CompletionReference::prompt("review");
    /// let found = notes.complete(reference, "path", "mil").await?.completion.values;
    /// assert_eq!(found, ["milk", "mill"]);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When there is no such server, or it is not connected.
    pub async fn client(&self, server: &str) -> Result<Client, Error> {
        let server = self.find(server)?;
        server.client(self.0.settings.connect_timeout).await
    }

    /// Connects to a server now: instead of after the next pause, after the group gave up, or in
    /// place of a connection that does not work any more.
    ///
    /// ```no_run
    /// # async fn example(group: mcp_client::ClientGroup) -> Result<(), mcp_client::Error> {
    /// // The user pressed "reconnect" beside a server that was given up.
    /// group.reconnect("notes")?;
    /// let tools = group.list_tools().await; // Waits for the new connection.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such server, or it was added with a connection that the group cannot make
    /// again.
    pub fn reconnect(&self, server: &str) -> Result<(), Error> {
        if self.find(server)?.reconnect() {
            return Ok(());
        }
        let message = format!(
            "the server {server} was added with a connection; remove it, and add it with another"
        );
        Err(Error::new(ErrorKind::InvalidArgument, message))
    }

    /// What the servers report from now on, and which of them connect and disconnect.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use futures::StreamExt as _;
    /// use mcp_client::Event;
    /// use mcp_client::group::GroupEvent;
    ///
    /// let mut events = group.notifications();
    /// tokio::spawn(async move {
    ///     while let Some(event) = events.next().await {
    ///         match event {
    ///             GroupEvent::Event { server, event: Event::ToolsListChanged | Event::Gap } => {
    ///                 println!("list the tools of {server} again");
    ///             }
    ///             GroupEvent::Disconnected { server } => println!("{server} is gone"),
    ///             _ => {}
    ///         }
    ///     }
    /// });
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn notifications(&self) -> GroupNotifications {
        self.0.listeners.listen()
    }

    /// Removes all servers and ends their connections gently, all at the same time.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// group.close().await;
    /// assert!(group.servers().is_empty());
    /// # Ok(())
    /// # });
    /// ```
    pub async fn close(&self) {
        let servers = std::mem::take(&mut *self.servers_by_name());
        let clients: Vec<Client> =
            servers.values().filter_map(|server| server.connected()).collect();
        drop(servers);
        join_all(clients.iter().map(Client::close)).await;
    }
}

impl fmt::Debug for ClientGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientGroup").field("servers", &self.servers()).finish_non_exhaustive()
    }
}
