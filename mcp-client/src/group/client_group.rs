//! The group: servers that come and go, and lists of all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::join_all;
use mcp_core::method::SKILLS_EXTENSION;
use mcp_core::types::{Prompt, Resource, ResourceTemplate, ServerCapabilities, Skill, Tool};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::builder::ClientGroupBuilder;
use super::list::{Exposed, Failure, FromServer, GroupList};
use super::name::{self, Naming, SEPARATOR};
use super::notification::{GroupNotifications, Listeners};
use super::route::Kind;
use super::server::{GroupServer, Origin, Server, factory};
use crate::call::{List, Listed};
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// Many servers as one: their tools, prompts and resources in one list, and calls that find their server. A server
/// that fails does not stop the others.
///
/// A clone is another handle of the same group. When the last one is dropped the group's connections end, unless the
/// host holds their clients too. Dropping the future of a call or a list cancels its requests; connections that are
/// being made go on.
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
    settings: ClientGroupBuilder,
    servers: Mutex<BTreeMap<Arc<str>, Arc<Server>>>,
    listeners: Arc<Listeners>,
}

/// Servers.
impl ClientGroup {
    /// A group without servers.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A group whose names, times and bounds are chosen.
    pub fn builder() -> ClientGroupBuilder {
        ClientGroupBuilder::new()
    }

    pub(super) fn with(settings: ClientGroupBuilder) -> Self {
        Self(Arc::new(Inner { settings, servers: Mutex::default(), listeners: Arc::default() }))
    }

    pub(super) fn settings(&self) -> &ClientGroupBuilder {
        &self.0.settings
    }

    fn servers_by_name(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Server>>> {
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn all(&self) -> Vec<Arc<Server>> {
        self.servers_by_name().values().cloned().collect()
    }

    pub(super) fn find(&self, name: &str) -> Result<Arc<Server>, Error> {
        self.servers_by_name().get(name).cloned().ok_or_else(|| {
            let name: String = name.chars().take(64).collect();
            Error::new(
                ErrorKind::InvalidArgument,
                format!("there is no server {name:?} in the group"),
            )
        })
    }

    /// Adds a server that is connected already, under a name of the host's choice. It is not connected to again.
    ///
    /// # Errors
    /// When the name is taken or cannot be one (1 to 64 of `A-Z a-z 0-9 . - _`, without `__`, and without `_` at its
    /// ends), the group is full, or there is no Tokio runtime.
    pub fn add(&self, name: &str, client: Client) -> Result<(), Error> {
        self.insert(name, Origin::Given(client))
    }

    /// Adds a server, and begins to connect to it. When an attempt fails, or the connection is lost, `connect` is
    /// tried again: one attempt at a time, after random pauses that grow, until `Limits::reconnects` in a row were in
    /// vain. Then [`ClientGroup::reconnect`] begins anew.
    ///
    /// # Errors
    /// As for [`ClientGroup::add`]; a server that cannot be connected to is not among them.
    pub fn add_with<F, A>(&self, name: &str, connect: F) -> Result<(), Error>
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Client, Error>> + Send + 'static,
    {
        self.insert(name, Origin::Made(factory(connect)))
    }

    fn insert(&self, name: &str, origin: Origin) -> Result<(), Error> {
        name::check_server(name)?;
        let Ok(runtime) = Handle::try_current() else {
            let message = "a server can be added to a group only in a Tokio runtime";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        };
        let most = self.0.settings.limits.max_group_servers;
        let mut servers = self.servers_by_name();
        if servers.contains_key(name) {
            let message = format!("the group has a server {name:?} already");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if servers.len() >= most {
            let message =
                format!("the group has {most} servers, as many as it may (Limits::group_servers)");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let name: Arc<str> = name.into();
        let server =
            Server::start(Arc::clone(&name), origin, &self.0.settings, &self.0.listeners, &runtime);
        servers.insert(name, Arc::new(server));
        Ok(())
    }

    /// Takes a server out, and gives its connection if it is there: dropping it ends it, [`Client::close`] is gentle.
    /// Calls that run go on.
    pub fn remove(&self, name: &str) -> Option<Client> {
        let server = self.servers_by_name().remove(name)?;
        server.connected()
    }

    /// The servers and how they stand, by name.
    #[must_use]
    pub fn servers(&self) -> Vec<GroupServer> {
        self.all().iter().map(|server| server.describe()).collect()
    }

    /// The connection to a server, for all that a group does not do. It is waited for while it is being made.
    ///
    /// # Errors
    /// When there is no such server, or it is not connected.
    pub async fn client(&self, server: &str) -> Result<Client, Error> {
        let server = self.find(server)?;
        server.client(self.0.settings.connect_timeout).await
    }

    /// Connects to a server now: instead of after the next pause, after it was given up, or in place of a connection
    /// that is there and does not work any more.
    ///
    /// # Errors
    /// When there is no such server, or it was added with a connection that the group cannot make again.
    pub fn reconnect(&self, server: &str) -> Result<(), Error> {
        if self.find(server)?.reconnect() {
            return Ok(());
        }
        let message = format!(
            "the server {server} was added with a connection; remove it, and add it with another"
        );
        Err(Error::new(ErrorKind::InvalidArgument, message))
    }

    /// What the servers tell from now on, and their comings and goings.
    #[must_use]
    pub fn notifications(&self) -> GroupNotifications {
        self.0.listeners.listen()
    }

    /// Takes out all servers and ends their connections gently, all at the same time.
    pub async fn close(&self) {
        let servers = std::mem::take(&mut *self.servers_by_name());
        let clients: Vec<Client> =
            servers.values().filter_map(|server| server.connected()).collect();
        drop(servers);
        join_all(clients.iter().map(Client::close)).await;
    }
}

/// Lists.
impl ClientGroup {
    /// The tools of all servers under their names in the group. Servers that declare no tools are not asked.
    pub async fn list_tools(&self) -> GroupList<Exposed<Tool>> {
        let lists = self.gather(|declared| declared.tools.is_some()).await;
        self.expose(Kind::Tool, lists, |tool: &Tool| &tool.name)
    }

    /// The prompts of all servers under their names in the group. Servers that declare no prompts are not asked.
    pub async fn list_prompts(&self) -> GroupList<Exposed<Prompt>> {
        let lists = self.gather(|declared| declared.prompts.is_some()).await;
        self.expose(Kind::Prompt, lists, |prompt: &Prompt| &prompt.name)
    }

    /// The resources of all servers. Servers that declare no resources are not asked.
    pub async fn list_resources(&self) -> GroupList<FromServer<Resource>> {
        merge(self.gather(|declared| declared.resources.is_some()).await)
    }

    /// The templates of resources of all servers. Servers that declare no resources are not asked.
    pub async fn list_resource_templates(&self) -> GroupList<FromServer<ResourceTemplate>> {
        merge(self.gather(|declared| declared.resources.is_some()).await)
    }

    /// The skills of all servers that declare some. A skill is known by its server and its URI: names and URIs may
    /// come twice.
    pub async fn list_skills(&self) -> GroupList<FromServer<Skill>> {
        merge(self.gather(|declared| declared.extension(SKILLS_EXTENSION).is_some()).await)
    }

    /// Asks all servers at the same time, each for its own time.
    async fn gather<T: Listed>(&self, has: fn(&ServerCapabilities) -> bool) -> Lists<T> {
        let settings = &self.0.settings;
        let (patience, most) = (settings.list_timeout, settings.limits.max_group_items);
        let ask = async |server: &Server| {
            let client = server.client(settings.connect_timeout).await?;
            if !has(client.server_capabilities()) {
                return Ok(Vec::new());
            }
            let items = List::<T>::new(&client).await?;
            if items.len() > most {
                let message =
                    format!("the server lists more than {most} items (Limits::group_items)");
                return Err(Error::new(ErrorKind::Limit, message).during(T::METHOD));
            }
            Ok(items)
        };
        let asking = self.all().into_iter().map(|server| async {
            let listed = timeout(patience, ask(&server)).await.unwrap_or_else(|_| {
                let message = format!("the server did not list anything for {patience:?}");
                Err(Error::new(ErrorKind::Timeout, message).during(T::METHOD))
            });
            (server, listed)
        });
        join_all(asking).await
    }

    fn expose<T>(
        &self,
        kind: Kind,
        lists: Lists<T>,
        own: fn(&T) -> &String,
    ) -> GroupList<Exposed<T>> {
        let mut listed = Vec::new();
        let mut failures = Vec::new();
        for (server, list) in lists {
            match list {
                Ok(items) => {
                    let names = items.iter().map(|item| own(item).as_str());
                    let names = kind.names(&server).learn(&server.name, names);
                    listed.push((server, names, items));
                }
                Err(error) => failures.push(Failure { server: Arc::clone(&server.name), error }),
            }
        }
        let mut items = Vec::new();
        // All names are known by now, and those of servers that failed are as they were.
        let all = self.all();
        for (server, names, its_items) in listed {
            for (name, item) in names.into_iter().zip(its_items) {
                let Some(name) = name else { continue };
                let name = if self.is_bare(kind, &all, &name) {
                    name
                } else {
                    name::prefixed(&server.name, &name)
                };
                items.push(Exposed::new(name, &server.name, item));
            }
        }
        GroupList { items, failures }
    }

    /// Whether a name stands without that of its server.
    fn is_bare(&self, kind: Kind, servers: &[Arc<Server>], fitted: &str) -> bool {
        match self.0.settings.naming {
            Naming::Prefixed => false,
            Naming::PrefixedOnCollision => {
                let looks_prefixed = fitted.split_once(SEPARATOR).is_some_and(|(prefix, _)| {
                    servers.iter().any(|server| &*server.name == prefix)
                });
                !looks_prefixed
                    && servers.iter().filter(|server| kind.names(server).has(fitted)).count() == 1
            }
        }
    }
}

type Lists<T> = Vec<(Arc<Server>, Result<Vec<T>, Error>)>;

fn merge<T>(lists: Lists<T>) -> GroupList<FromServer<T>> {
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    for (server, list) in lists {
        match list {
            Ok(list) => {
                items.extend(list.into_iter().map(|item| FromServer::new(&server.name, item)));
            }
            Err(error) => failures.push(Failure { server: Arc::clone(&server.name), error }),
        }
    }
    GroupList { items, failures }
}

impl Default for ClientGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientGroup").field("servers", &self.servers()).finish_non_exhaustive()
    }
}
