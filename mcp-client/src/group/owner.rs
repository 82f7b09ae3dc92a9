//! Which server has a name that stands without the name of a server.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_core::sync::Mutex;

use super::kind::Kind;
use super::name::SEPARATOR;
use super::server::Server;

/// The owner of each bare name of the last list. A call goes to that server and to no other, also
/// after the servers of the group have changed.
#[derive(Debug, Default)]
pub(super) struct Owners {
    tools: Mutex<HashMap<String, Arc<str>>>,
    prompts: Mutex<HashMap<String, Arc<str>>>,
}

impl Owners {
    fn of(&self, kind: Kind) -> &Mutex<HashMap<String, Arc<str>>> {
        match kind {
            Kind::Tool => &self.tools,
            Kind::Prompt => &self.prompts,
        }
    }

    /// Replaces the owners: a name is bare if one server has it, and if it does not look like one
    /// with the name of a server.
    pub(super) fn assign(&self, kind: Kind, servers: &[Arc<Server>]) {
        let mut owners: HashMap<String, Option<Arc<str>>> = HashMap::new();
        for server in servers {
            for name in kind.names(server).all().filter(|name| !name.contains(SEPARATOR)) {
                owners
                    .entry(name.to_owned())
                    .and_modify(|owner| *owner = None)
                    .or_insert_with(|| Some(Arc::clone(&server.name)));
            }
        }
        *self.of(kind).lock() =
            owners.into_iter().filter_map(|(name, owner)| Some((name, owner?))).collect();
    }

    /// The server that has a bare name.
    pub(super) fn get(&self, kind: Kind, name: &str) -> Option<Arc<str>> {
        self.of(kind).lock().get(name).cloned()
    }
}
