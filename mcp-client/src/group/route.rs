//! From a name in the group to the server that has it.

use std::sync::{Arc, MutexGuard};

use mcp_core::types::{GetPromptResult, ReadResourceResult};
use serde::Serialize;

use super::client_group::ClientGroup;
use super::name::{self, Names, Naming, SEPARATOR};
use super::server::Server;
use crate::call::ToolReply;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// Where a tool or prompt of a group is: to call it with all that [`Client::call_tool`] and [`Client::get_prompt`] offer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Route {
    /// The server.
    pub server: Arc<str>,
    /// The connection to it.
    pub client: Client,
    /// The server's own name for it.
    pub name: String,
}

/// Which names of a server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Tool,
    Prompt,
}

impl Kind {
    pub(super) fn names(self, server: &Server) -> MutexGuard<'_, Names> {
        match self {
            Self::Tool => server.tools(),
            Self::Prompt => server.prompts(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
        }
    }
}

/// Calls.
impl ClientGroup {
    /// Calls a tool by its name in the group. [`ClientGroup::tool`] leads to timeouts, progress and the rest.
    ///
    /// A call that is lost with its connection is not made again.
    ///
    /// # Errors
    /// When no server has the tool, its server is not connected, or the call fails.
    pub async fn call_tool<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Result<ToolReply, Error> {
        let route = self.tool(name).await?;
        route.client.call_tool(&route.name, arguments).await
    }

    /// Gets a prompt by its name in the group.
    ///
    /// # Errors
    /// When no server has the prompt, its server is not connected, or the call fails.
    pub async fn get_prompt<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Result<GetPromptResult, Error> {
        let route = self.prompt(name).await?;
        route.client.get_prompt(&route.name, arguments).await
    }

    /// Reads a resource of a server.
    ///
    /// # Errors
    /// When there is no such server, it is not connected, or the call fails.
    pub async fn read_resource(
        &self,
        server: &str,
        uri: &str,
    ) -> Result<ReadResourceResult, Error> {
        self.client(server).await?.read_resource(uri).await
    }

    /// Finds a tool by its name in the group.
    ///
    /// # Errors
    /// When no server has it, several have, or its server is not connected.
    pub async fn tool(&self, name: &str) -> Result<Route, Error> {
        self.route(Kind::Tool, name).await
    }

    /// Finds a prompt by its name in the group.
    ///
    /// # Errors
    /// When no server has it, several have, or its server is not connected.
    pub async fn prompt(&self, name: &str) -> Result<Route, Error> {
        self.route(Kind::Prompt, name).await
    }

    async fn route(&self, kind: Kind, name: &str) -> Result<Route, Error> {
        let mut found = self.owner(kind, name)?;
        if found.is_none()
            && self.settings().naming == Naming::PrefixedOnCollision
            && self.all().iter().any(|server| !kind.names(server).was_listed)
        {
            match kind {
                Kind::Tool => drop(self.list_tools().await),
                Kind::Prompt => drop(self.list_prompts().await),
            }
            found = self.owner(kind, name)?;
        }
        let Some((server, own)) = found else {
            let shown: String = name.chars().take(128).collect();
            let word = kind.word();
            let message = format!(
                "no server of the group has the {word} {shown:?}; list the {word}s to see their names"
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        };
        let client = server.client(self.settings().connect_timeout).await?;
        Ok(Route { server: Arc::clone(&server.name), client, name: own })
    }

    /// The server that a name leads to, and its own name for it.
    fn owner(&self, kind: Kind, name: &str) -> Result<Option<(Arc<Server>, String)>, Error> {
        // A prefixed name leads to its server, whatever the others list.
        if let Some((prefix, fitted)) = name.split_once(SEPARATOR)
            && let Ok(server) = self.find(prefix)
        {
            let own = kind.names(&server).own(fitted);
            return Ok(Some((server, own)));
        }
        if self.settings().naming == Naming::Prefixed {
            return Ok(None);
        }
        let mut owners = self.all();
        owners.retain(|server| kind.names(server).has(name));
        if owners.len() > 1 {
            let names: Vec<String> =
                owners.iter().map(|server| name::prefixed(&server.name, name)).collect();
            let message = format!(
                "several servers of the group have the {} {name:?}: call one of {}",
                kind.word(),
                names.join(", ")
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(owners.pop().map(|server| {
            let own = kind.names(&server).own(name);
            (server, own)
        }))
    }
}
