//! Listing what the servers of a group have.

use std::sync::Arc;

use futures::future::join_all;
use mcp_core::method::SKILLS_EXTENSION;
use mcp_core::types::{Prompt, Resource, ResourceTemplate, ServerCapabilities, Skill, Tool};
use tokio::time::timeout;

use super::client_group::{ClientGroup, WeakGroup};
use super::kind::Kind;
use super::last_list::LastList;
use super::list::{Exposed, Failure, FromServer, GroupList};
use super::name::{self, Naming};
use super::server::Server;
use crate::call::{List, Listed};
use crate::error::{Error, ErrorKind};

type Lists<T> = Vec<(Arc<Server>, Result<Vec<T>, Error>)>;

/// Lists.
impl ClientGroup {
    /// The tools of all servers under their names in the group. Servers that declare no tools are
    /// not asked.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// let tools = group.list_tools().await;
    /// for failure in &tools.failures {
    ///     eprintln!("{}: {}", failure.server, failure.error); // The others are listed.
    /// }
    /// let for_the_model: Vec<_> = tools.items.into_iter().map(|tool| tool.into_tool()).collect();
    /// assert_eq!(for_the_model[0].name, "notes__add");
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list_tools(&self) -> GroupList<Exposed<Tool>> {
        self.gather_tools(self.all()).await
    }

    async fn gather_tools(&self, servers: Vec<Arc<Server>>) -> GroupList<Exposed<Tool>> {
        let lists = self.gather(servers, has_tools).await;
        self.learn_tools(lists)
    }

    fn learn_tools(&self, lists: Lists<Tool>) -> GroupList<Exposed<Tool>> {
        for (server, list) in &lists {
            if let Ok(tools) = list {
                let last = LastList::new(tools);
                *server.last_tools() = Some(last);
            }
        }
        self.expose(Kind::Tool, lists, |tool: &Tool| &tool.name)
    }

    /// The prompts of all servers under their names in the group. Servers that declare no prompts
    /// are not asked.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// for prompt in group.list_prompts().await.items {
    ///     println!("/{}", prompt.name); // "/notes__review"
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list_prompts(&self) -> GroupList<Exposed<Prompt>> {
        let lists = self.gather(self.all(), has_prompts).await;
        self.expose(Kind::Prompt, lists, |prompt: &Prompt| &prompt.name)
    }

    /// The resources of all servers. Servers that declare no resources are not asked.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// for resource in group.list_resources().await.items {
    ///     println!("@{}:{}", resource.server, resource.item.uri); // "@notes:note://1"
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list_resources(&self) -> GroupList<FromServer<Resource>> {
        merge(self.gather(self.all(), |declared| declared.resources.is_some()).await)
    }

    /// The resource templates of all servers. Servers that declare no resources are not asked.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// for template in group.list_resource_templates().await.items {
    ///     println!("@{}:{}", template.server, template.item.uri_template); // "@notes:note://{id}"
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list_resource_templates(&self) -> GroupList<FromServer<ResourceTemplate>> {
        merge(self.gather(self.all(), |declared| declared.resources.is_some()).await)
    }

    /// The skills of all servers that declare some. A skill is identified by its server and its
    /// URI: names and URIs may occur twice.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// for skill in group.list_skills().await.items {
    ///     println!("{}: {}", skill.server, skill.item.uri);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list_skills(&self) -> GroupList<FromServer<Skill>> {
        let has_skills =
            |declared: &ServerCapabilities| declared.extension(SKILLS_EXTENSION).is_some();
        merge(self.gather(self.all(), has_skills).await)
    }

    /// Learns the names that some servers list, and which names are bare.
    pub(super) async fn learn(&self, kind: Kind, servers: Vec<Arc<Server>>) {
        match kind {
            Kind::Tool => {
                drop(self.gather_tools(servers).await);
            }
            Kind::Prompt => {
                let lists = self.gather(servers, has_prompts).await;
                drop(self.expose(kind, lists, |prompt: &Prompt| &prompt.name));
            }
        }
    }

    /// Asks servers at the same time, each for its own time.
    async fn gather<T: Listed>(
        &self,
        servers: Vec<Arc<Server>>,
        has: fn(&ServerCapabilities) -> bool,
    ) -> Lists<T> {
        join_all(servers.into_iter().map(|server| self.ask(server, has))).await
    }

    /// Asks one server. Holds the server, and not the group.
    fn ask<T: Listed>(
        &self,
        server: Arc<Server>,
        has: fn(&ServerCapabilities) -> bool,
    ) -> impl Future<Output = (Arc<Server>, Result<Vec<T>, Error>)> + Send + use<T> {
        let settings = self.settings();
        let (wait, max_items) = (settings.list_timeout, settings.limits.max_group_items);
        let connect_timeout = settings.connect_timeout;
        async move {
            let asking = async {
                let client = server.client(connect_timeout).await?;
                if !has(client.server_capabilities()) {
                    return Ok(Vec::new());
                }
                List::<T>::new(&client).max_items(max_items, "Limits::max_group_items").await
            };
            let listed = timeout(wait, asking).await.unwrap_or_else(|_| {
                let message = format!("the server did not complete its list in {wait:?}");
                Err(Error::new(ErrorKind::Timeout, message).during(T::METHOD))
            });
            (server, listed)
        }
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
        // All names are known by now. Those of a server that failed are as they were.
        self.owners().assign(kind, &self.all());
        let mut items = Vec::new();
        for (server, names, its_items) in listed {
            for (name, item) in names.into_iter().zip(its_items) {
                let Some(name) = name else { continue };
                let name = self.exposed_name(kind, &server, name);
                items.push(Exposed::new(name, &server.name, item));
            }
        }
        GroupList { items, failures }
    }

    /// What the group calls a tool or prompt of a server.
    pub(super) fn exposed_name(&self, kind: Kind, server: &Server, name: String) -> String {
        let is_bare = self.settings().naming == Naming::PrefixedOnCollision
            && self.owners().get(kind, &name).is_some_and(|owner| owner == server.name);
        if is_bare { name } else { name::prefixed(&server.name, &name) }
    }
}

impl WeakGroup {
    /// Asks one server for its tools, so that the group knows them, unless it is dropped meanwhile.
    pub(crate) async fn refresh_tools(&self, server: &str) -> Result<(), Error> {
        let Some(group) = self.upgrade() else { return Ok(()) };
        let asking = group.ask(group.find(server)?, has_tools);
        drop(group);
        let listed = asking.await;
        let Some(group) = self.upgrade() else { return Ok(()) };
        match group.learn_tools(vec![listed]).failures.pop() {
            Some(failure) => Err(failure.error),
            None => Ok(()),
        }
    }
}

fn has_tools(declared: &ServerCapabilities) -> bool {
    declared.tools.is_some()
}

fn has_prompts(declared: &ServerCapabilities) -> bool {
    declared.prompts.is_some()
}

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
