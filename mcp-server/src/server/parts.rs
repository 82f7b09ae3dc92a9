//! What a builder collects, and the server that is built from it.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::extensions::Extensions;
use mcp_core::method::{self, Methods, Row};
use mcp_core::revision::{Revision, RuleSet};
use mcp_core::service::BoxService;
use mcp_core::telemetry::Telemetry;
use mcp_core::types::{CacheScope, Implementation};

use super::Server;
#[cfg(feature = "auth")]
use crate::auth::Protection;
use crate::auth::{AccessRules, Principal};
use crate::blocking::BlockingPool;
use crate::call::Environment;
use crate::custom_method::CustomMethod;
use crate::definition::{PageSizes, ServerDefinition};
use crate::dialect::{SchemaDialect, ServerDialect};
use crate::error::BuildError;
use crate::extension::{ListenFilter, Registered, ServerExtension};
#[cfg(feature = "http")]
use crate::fleet::Fleet;
use crate::limits::Limits;
use crate::lint;
use crate::prompt::PromptRoute;
use crate::registry::{Live, Registry, ServerHandle, check_prompt, check_resource, check_tool};
use crate::resource::ResourceRoute;
use crate::router::{Router, Stack};
use crate::seal::{KeyRing, Sealer};
#[cfg(feature = "http")]
use crate::store::Stores;
#[cfg(feature = "tasks")]
use crate::task::{self, TaskConfig, TaskManager, TasksEnabled};
use crate::tool::ToolRoute;
use crate::wire::Encoder;

/// The members of the filter of `subscriptions/listen` that the core protocol defines.
const CORE_FILTERS: [&str; 4] =
    ["toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions"];

/// Default number of items in one page of a list.
const PAGE_SIZE: usize = 1_000;

/// What a builder collects.
pub(super) struct Parts {
    pub(super) info: Implementation,
    pub(super) instructions: Option<String>,
    pub(super) states: Extensions,
    pub(super) methods: HashMap<&'static str, CustomMethod>,
    pub(super) layers: Vec<BoxLayer>,
    pub(super) limits: Limits,
    pub(super) revisions: Vec<Revision>,
    pub(super) rules: RuleSet,
    pub(super) page_sizes: PageSizes,
    pub(super) access: AccessRules,
    #[cfg(feature = "auth")]
    pub(super) protection: Option<Protection>,
    pub(super) local_principal: Option<Principal>,
    pub(super) cache: (Duration, CacheScope),
    pub(super) state_keys: Option<KeyRing>,
    pub(super) state_single_use: bool,
    pub(super) extensions: Vec<(Arc<str>, serde_json::Value)>,
    pub(super) filters: Vec<ListenFilter>,
    pub(super) known_methods: Methods,
    pub(super) live: Arc<Live>,
    pub(super) telemetry: Option<Arc<dyn Telemetry>>,
    #[cfg(feature = "tasks")]
    pub(super) tasks: Option<TaskConfig>,
    #[cfg(feature = "http")]
    pub(super) stores: Stores,
    pub(super) dialect: SchemaDialect,
    /// Whether the build logs what hosts break on.
    pub(super) lints: bool,
    /// The rows of each extension, and where it was created: for errors.
    pub(super) origins: Vec<(&'static [Row], &'static Location<'static>)>,
    pub(super) mistakes: Vec<BuildError>,
}

pub(super) type BoxLayer = Box<dyn FnOnce(BoxService) -> BoxService + Send>;

/// The lists are trait objects, so that this is not compiled again for each type of list.
impl Parts {
    pub(super) fn new(info: Implementation) -> Self {
        Self {
            info,
            instructions: None,
            states: Extensions::new(),
            methods: HashMap::new(),
            layers: Vec::new(),
            limits: Limits::new(),
            revisions: Revision::ALL.to_vec(),
            rules: RuleSet::PUBLISHED,
            page_sizes: PageSizes { tools: PAGE_SIZE, prompts: PAGE_SIZE, resources: PAGE_SIZE },
            access: AccessRules::default(),
            #[cfg(feature = "auth")]
            protection: None,
            local_principal: None,
            cache: (Duration::ZERO, CacheScope::Private),
            state_keys: None,
            state_single_use: false,
            extensions: Vec::new(),
            filters: Vec::new(),
            known_methods: Methods::new(),
            live: Arc::default(),
            telemetry: None,
            #[cfg(feature = "tasks")]
            tasks: None,
            #[cfg(feature = "http")]
            stores: Stores::new(),
            dialect: SchemaDialect::AsWritten,
            lints: true,
            origins: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    pub(super) fn add_extension(&mut self, extension: ServerExtension) {
        let registered = extension.into_registered();
        if let Err(mistake) = registered.and_then(|it| self.register_extension(it)) {
            self.mistakes.push(mistake);
        }
    }

    fn register_extension(&mut self, extension: Registered) -> Result<(), BuildError> {
        let Registered { id, settings, rows, methods, filters, place } = extension;
        let duplicate = |kind, name: &str, first, second| {
            Err(BuildError::Duplicate { kind, name: name.to_owned(), first, second })
        };
        if let Some(index) = self.extensions.iter().position(|(other, _)| *other == id) {
            return duplicate("extension", &id, self.origins[index].1, place);
        }
        for (name, method) in methods {
            let second = method.wiring.place;
            if let Some(first) = self.methods.insert(name, method) {
                return duplicate("method", name, first.wiring.place, second);
            }
        }
        for row in rows {
            if self.known_methods.find_extended(row.name).is_some() {
                let defines =
                    |(rows, _): &&(&[Row], _)| rows.iter().any(|other| other.name == row.name);
                let first = self.origins.iter().find(defines).map_or(place, |(_, first)| first);
                return duplicate("method", row.name, first, place);
            }
        }
        for filter in filters {
            if CORE_FILTERS.contains(&filter.member) {
                let (kind, name) = ("filter", filter.member.to_owned());
                let reason = "the protocol defines a member with this name".into();
                return Err(BuildError::Invalid { kind, name, reason });
            }
            if let Some(other) = self.filters.iter().find(|other| other.member == filter.member) {
                return duplicate("filter", filter.member, other.place, filter.place);
            }
            self.filters.push(filter);
        }
        self.known_methods.add(rows);
        self.extensions.push((id, settings));
        self.origins.push((rows, place));
        Ok(())
    }

    pub(super) fn add_tools(&mut self, routes: &mut dyn Iterator<Item = ToolRoute>) {
        self.live.change(|registry| registry.tools.offer());
        let identity = |route: &ToolRoute| (route.name().to_owned(), route.wiring.place);
        let dialect = Arc::clone(&self.live.dialect);
        let routes = &mut routes.map(|mut route| {
            route.join(&dialect);
            route
        });
        self.register("tool", routes, identity, check_tool, Registry::insert_tool);
    }

    pub(super) fn add_prompts(&mut self, routes: &mut dyn Iterator<Item = PromptRoute>) {
        self.live.change(|registry| registry.prompts.offer());
        let identity = |route: &PromptRoute| (route.prompt.name.clone(), route.wiring.place);
        self.register("prompt", routes, identity, check_prompt, Registry::insert_prompt);
    }

    pub(super) fn add_resources(&mut self, routes: &mut dyn Iterator<Item = ResourceRoute>) {
        self.live.change(|registry| {
            registry.resources.offer();
            registry.templates.offer();
        });
        let identity = |route: &ResourceRoute| (route.uri().to_owned(), route.wiring.place);
        self.register("resource", routes, identity, check_resource, Registry::insert_resource);
    }

    pub(super) fn add_method(&mut self, method: &'static str, handler: CustomMethod) {
        let (kind, name) = ("method", method.to_owned());
        let second = handler.wiring.place;
        if method::find(method).is_some() {
            let reason = "the protocol defines a method with this name".into();
            self.mistakes.push(BuildError::Invalid { kind, name, reason });
        } else if let Some(other) = self.methods.insert(method, handler) {
            let first = other.wiring.place;
            self.mistakes.push(BuildError::Duplicate { kind, name, first, second });
        }
    }

    fn register<T>(
        &mut self,
        kind: &'static str,
        routes: &mut dyn Iterator<Item = T>,
        identity: impl Fn(&T) -> (String, &'static Location<'static>),
        check: impl Fn(&T) -> Result<(), BuildError>,
        insert: impl Fn(&mut Registry, Arc<T>) -> Option<Arc<T>>,
    ) {
        for route in routes {
            if let Err(mistake) = check(&route) {
                self.mistakes.push(mistake);
                continue;
            }
            let (name, second) = identity(&route);
            let route = Arc::new(route);
            if let Some(other) = self.live.change(|registry| insert(registry, route)) {
                let (_, first) = identity(&other);
                self.mistakes.push(BuildError::Duplicate { kind, name, first, second });
            }
        }
    }

    /// Builds the server.
    ///
    /// # Errors
    /// The mistakes in the registrations, or the first one in other settings.
    pub(super) fn build(mut self) -> Result<Server, BuildError> {
        self.check()?;
        self.check_schemas()?;
        #[cfg_attr(
            not(feature = "auth"),
            expect(unused_mut, reason = "only protection changes it")
        )]
        let (ttl, mut scope) = self.cache.clone();
        #[cfg(feature = "auth")]
        if self.protection.is_some() {
            scope = CacheScope::Private; // A shared cache would serve callers without a token.
        }
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let encoder =
            Encoder::new(&self.info, ttl_ms, scope).map_err(|error| BuildError::Invalid {
                kind: "server",
                name: self.info.name.clone(),
                reason: error.to_string(),
            })?;
        let mut attached = Extensions::new();
        attached.insert(ServerHandle::new(Arc::clone(&self.live)));
        #[cfg(feature = "tasks")]
        let task_config = self.take_task_config(&mut attached)?;
        #[cfg(feature = "http")]
        let fleet = self.fleet()?;
        let sealer = Sealer::new(self.state_keys.clone(), self.state_single_use, &self.limits);
        #[cfg(feature = "http")]
        let sealer = sealer.with_store(self.stores.nonces.clone(), &self.limits);
        #[cfg(feature = "auth")]
        let guard = match self.protection.take() {
            Some(protection) => {
                let (guard, access) = protection.build(sealer.keys().clone())?;
                self.access = access;
                Some(guard)
            }
            None => None,
        };
        let environment = Arc::new(Environment {
            server_name: self.info.name.clone(),
            states: std::mem::take(&mut self.states),
            attached,
            blocking: BlockingPool::new(self.limits.max_blocking_threads),
            sealer,
            limits: self.limits.clone(),
            rules: self.rules,
            encoder,
            telemetry: self.telemetry.take(),
        });
        #[cfg(feature = "tasks")]
        let tasks = match task_config {
            Some(config) => {
                let (keys, live) = (self.state_keys.take(), Arc::clone(&self.live));
                let access = self.access.clone();
                let tasks = TaskManager::new(config, keys, access, Arc::clone(&environment), live);
                let tasks = Arc::new(tasks);
                self.register_extension(task::extension(&tasks).into_registered()?)?;
                Some(tasks)
            }
            None => None,
        };
        let definition = Arc::new(ServerDefinition {
            info: self.info,
            instructions: self.instructions,
            revisions: self.revisions,
            extensions: self.extensions,
            filters: self.filters,
            known_methods: self.known_methods,
            methods: self.methods,
            live: self.live,
            page_sizes: self.page_sizes,
            access: self.access,
            #[cfg(feature = "auth")]
            guard,
            local_principal: self.local_principal,
            environment,
            #[cfg(feature = "tasks")]
            tasks,
            #[cfg(feature = "http")]
            fleet,
        });
        let router = Router::new(Arc::clone(&definition));
        let stack = if self.layers.is_empty() {
            Stack::plain(router)
        } else {
            let layers = self.layers.into_iter();
            Stack::layered(layers.fold(BoxService::new(router), |inner, layer| layer(inner)))
        };
        Ok(Server { definition, stack: Arc::new(stack) })
    }

    /// Sets the dialect of the tools, checks their schemas in it, and logs what hosts break on.
    ///
    /// # Errors
    /// The first schema that has no form in its dialect.
    fn check_schemas(&self) -> Result<(), BuildError> {
        let max_bytes = self.limits.max_dialect_schema_bytes;
        let limits = self.limits.connection.clone();
        let dialect = ServerDialect { dialect: self.dialect, max_bytes, limits };
        self.live.dialect.get_or_init(|| dialect);
        self.live.change(|registry| registry.tools.note_dialects());
        let registry = self.live.registry();
        for tool in registry.tools.iter() {
            tool.check_dialect()?;
        }
        if self.lints {
            lint::log(&self.info.name, &registry);
        }
        Ok(())
    }

    /// Checks what can be checked only when everything is registered.
    ///
    /// # Errors
    /// All mistakes, so that one start of the program shows them.
    fn check(&mut self) -> Result<(), BuildError> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        if self.revisions.is_empty() {
            let reason = "no revision is supported; pass at least one to revisions".into();
            let (kind, name) = ("server", self.info.name.clone());
            mistakes.push(BuildError::Invalid { kind, name, reason });
        }
        let is_hidden = |(name, method): &(&&'static str, &CustomMethod)| {
            !method.is_of_extension() && self.known_methods.find_extended(name).is_some()
        };
        if let Some((name, _)) = self.methods.iter().find(is_hidden) {
            let reason = "an extension defines it; pass its handler to ServerExtension::method";
            let (kind, name) = ("method", (*name).to_owned());
            mistakes.push(BuildError::Invalid { kind, name, reason: reason.into() });
        }
        // Routes that a handle adds from now on are checked too.
        let states = self.live.states.get_or_init(|| self.states.clone());
        mistakes.extend(self.live.registry().missing_states(states));
        let mut methods: Vec<_> = self.methods.iter().collect();
        methods.sort_unstable_by_key(|(name, _)| **name);
        let missing = |(name, method): (&&str, &CustomMethod)| {
            method.wiring.missing_states("method", name, states).collect::<Vec<_>>()
        };
        mistakes.extend(methods.into_iter().flat_map(missing));
        BuildError::of(mistakes).map_or(Ok(()), Err)
    }

    /// Returns what the server shares with other instances, if it shares anything.
    ///
    /// # Errors
    /// If sessions would leave the process without being sealed.
    #[cfg(feature = "http")]
    fn fleet(&self) -> Result<Option<Arc<Fleet>>, BuildError> {
        if self.stores.is_empty() {
            return Ok(None);
        }
        let invalid = |name: &str, reason: String| {
            let (kind, name) = ("server", name.to_owned());
            BuildError::Invalid { kind, name, reason }
        };
        let keys = match self.stores.leave_process() {
            false => None,
            true => {
                let keys = self.state_keys.clone().filter(|keys| !keys.is_ephemeral());
                Some(keys.ok_or_else(|| {
                    let reason = "its sessions leave the process, and are sealed: pass a key ring \
                                  with a secret to ServerBuilder::state_keys";
                    invalid(&self.info.name, reason.into())
                })?)
            }
        };
        let stores = self.stores.clone();
        let fleet = Fleet::new(stores, keys, self.limits.clone(), Arc::clone(&self.live.hub));
        let fleet = fleet.map_err(|error| invalid(&self.info.name, error.to_string()))?;
        Ok(Some(fleet))
    }

    /// Returns the settings of the tasks, if the server has any.
    ///
    /// # Errors
    /// If tasks would leave the process without being sealed.
    #[cfg(feature = "tasks")]
    fn take_task_config(
        &mut self,
        attached: &mut Extensions,
    ) -> Result<Option<TaskConfig>, BuildError> {
        let config = self.tasks.take().or_else(|| {
            let registry = self.live.registry();
            let has_tasks = registry.tools.iter().any(|tool| tool.task_support().is_some());
            has_tasks.then(TaskConfig::default)
        });
        let Some(config) = config else { return Ok(None) };
        let has_keys = self.state_keys.as_ref().is_some_and(|keys| !keys.is_ephemeral());
        if config.store.leaves_process() && !config.is_plaintext && !has_keys {
            let reason = "its tasks leave the process, and are sealed: pass a key ring with a \
                          secret to ServerBuilder::state_keys, or call TaskConfig::plaintext";
            let (kind, name) = ("server", self.info.name.clone());
            return Err(BuildError::Invalid { kind, name, reason: reason.into() });
        }
        attached.insert(TasksEnabled);
        Ok(Some(config))
    }
}
