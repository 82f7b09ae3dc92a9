//! Building a server: what it offers, and how it is served.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::extensions::Extensions;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::meta;
use mcp_core::method::{self, Method};
use mcp_core::revision::Revision;
use mcp_core::service::{BoxService, Service};
use mcp_core::types::{CacheScope, Icon, Implementation};
use tower_layer::Layer;

use super::Server;
use crate::blocking::BlockingPool;
use crate::call::Environment;
use crate::context::Context;
use crate::custom_method::CustomMethod;
use crate::definition::{PageSizes, ServerDefinition};
use crate::error::BuildError;
use crate::limits::Limits;
use crate::prompt::PromptRoute;
use crate::registry::{Live, Registry, ServerHandle, check_prompt, check_resource, check_tool};
use crate::resource::ResourceRoute;
use crate::route::{Provider, Routes};
use crate::router::{Router, Stack};
use crate::seal::{KeyRing, Sealer};
use crate::tool::ToolRoute;
use crate::wire::Encoder;

/// Items in one page of a list, unless [`ServerBuilder::page_size`] says otherwise.
const PAGE_SIZE: usize = 1_000;

/// Builds a [`Server`]: a name, what it offers, how it is served. [`Server::builder`] begins one.
///
/// Capabilities follow from what is registered. A mistake in a registration is reported when the
/// server is built or served, so that the calls chain.
#[must_use = "a server does nothing until it is built and served"]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    states: Extensions,
    methods: HashMap<&'static str, CustomMethod>,
    layers: Vec<BoxLayer>,
    limits: Limits,
    revisions: Vec<Revision>,
    page_sizes: PageSizes,
    cache: (Duration, CacheScope),
    state_keys: Option<KeyRing>,
    state_single_use: bool,
    extensions: Vec<(String, serde_json::Value)>,
    live: Arc<Live>,
    mistake: Option<BuildError>,
}

type BoxLayer = Box<dyn FnOnce(BoxService) -> BoxService + Send>;

impl Server {
    /// Begins a server with a name for programs and a version of its own.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder {
            info: Implementation::new(name, version),
            instructions: None,
            states: Extensions::new(),
            methods: HashMap::new(),
            layers: Vec::new(),
            limits: Limits::new(),
            revisions: Revision::ALL.to_vec(),
            page_sizes: PageSizes { tools: PAGE_SIZE, prompts: PAGE_SIZE, resources: PAGE_SIZE },
            cache: (Duration::ZERO, CacheScope::Private),
            state_keys: None,
            state_single_use: false,
            extensions: Vec::new(),
            live: Arc::default(),
            mistake: None,
        }
    }
}

impl ServerBuilder {
    // ---- what it says of itself
    // --------------------------------------------------------------------------

    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// What the server is.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.info.description = Some(description.into());
        self
    }

    /// Where to read more.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// Icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.info.icons = Some(icons.into());
        self
    }

    /// How to use the server, for the model.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Declares a protocol extension with its settings, an object: `json!({})` for none (EXT-1).
    ///
    /// The id is a prefix and a name, such as `com.example/search`. Building the server fails when
    /// it is not, when the settings are not an object, or when the extension is declared twice.
    pub fn extension(mut self, id: impl Into<String>, settings: serde_json::Value) -> Self {
        let id = id.into();
        let kind = "extension";
        let invalid = |reason: &str| {
            Some(BuildError::Invalid { kind, name: id.clone(), reason: reason.to_owned() })
        };
        let mistake = if !(meta::is_valid_key(&id) && id.contains('/')) {
            invalid("an id is a prefix of labels, a slash and a name, such as com.example/search")
        } else if !settings.is_object() {
            invalid("its settings must be an object; write json!({}) for none")
        } else if self.extensions.iter().any(|(other, _)| *other == id) {
            Some(BuildError::Duplicate { kind, name: id.clone() })
        } else {
            None
        };
        if let Some(mistake) = mistake {
            self.mistake.get_or_insert(mistake);
        }
        self.extensions.push((id, settings));
        self
    }

    // ---- what it offers
    // ----------------------------------------------------------------------------------

    /// Registers a tool.
    pub fn tool(self, route: ToolRoute) -> Self {
        self.tools([route])
    }

    /// Registers tools. An empty list declares that tools may come later.
    pub fn tools(self, routes: impl IntoIterator<Item = ToolRoute>) -> Self {
        self.live.change(|registry| registry.tools.offer());
        let name = |route: &ToolRoute| route.tool().name.clone();
        self.register("tool", routes, name, check_tool, Registry::insert_tool)
    }

    /// Registers a prompt.
    pub fn prompt(self, route: PromptRoute) -> Self {
        self.prompts([route])
    }

    /// Registers prompts. An empty list declares that prompts may come later.
    pub fn prompts(self, routes: impl IntoIterator<Item = PromptRoute>) -> Self {
        self.live.change(|registry| registry.prompts.offer());
        let name = |route: &PromptRoute| route.prompt().name.clone();
        self.register("prompt", routes, name, check_prompt, Registry::insert_prompt)
    }

    /// Registers a resource or a template.
    pub fn resource(self, route: ResourceRoute) -> Self {
        self.resources([route])
    }

    /// Registers resources and templates. An empty list declares that resources may come later.
    pub fn resources(self, routes: impl IntoIterator<Item = ResourceRoute>) -> Self {
        self.live.change(|registry| {
            registry.resources.offer();
            registry.templates.offer();
        });
        let name = |route: &ResourceRoute| route.uri().to_owned();
        self.register("resource", routes, name, check_resource, Registry::insert_resource)
    }

    /// Registers routes of any kind, see [`routes!`](crate::routes).
    pub fn routes(self, routes: Routes) -> Self {
        let Routes { tools, prompts, resources } = routes;
        let mut builder = self;
        if !tools.is_empty() {
            builder = builder.tools(tools);
        }
        if !prompts.is_empty() {
            builder = builder.prompts(prompts);
        }
        if !resources.is_empty() {
            builder = builder.resources(resources);
        }
        builder
    }

    /// Registers the methods of a value, see [`#[tools]`](macro@crate::tools).
    pub fn with(self, provider: impl Provider) -> Self {
        self.with_shared(Arc::new(provider))
    }

    /// As [`ServerBuilder::with`], for a value that is used elsewhere too.
    pub fn with_shared<P: Provider>(self, provider: Arc<P>) -> Self {
        self.routes(provider.routes())
    }

    /// Gives handlers a value of a type of its own, which they take as [`State<S>`](crate::extract::State).
    pub fn state<S: Send + Sync + 'static>(mut self, state: S) -> Self {
        self.states.insert(state);
        self
    }

    /// Answers a method of your own. Its name must not be one of the protocol's.
    ///
    /// The result must be an object, or `()`; on modern requests `resultType` and the server's
    /// identity are added unless it brings them. The parameters hold the `_meta` of the request, so
    /// a type of `#[serde(deny_unknown_fields)]` must know it.
    pub fn method<M, F, Fut>(mut self, handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        let name = M::NAME.to_owned();
        if method::find(M::NAME).is_some() {
            let reason = "the protocol has a method of this name".into();
            self.mistake.get_or_insert(BuildError::Invalid { kind: "method", name, reason });
        } else if self.methods.insert(M::NAME, CustomMethod::new::<M, F, Fut>(handler)).is_some() {
            self.mistake.get_or_insert(BuildError::Duplicate { kind: "method", name });
        }
        self
    }

    /// Puts a [layer](crate::layer) around every call. The one added last is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + 'static,
        L::Service: Service,
    {
        self.layers.push(Box::new(move |inner| BoxService::new(layer.layer(inner))));
        self
    }

    // ---- how it is served
    // --------------------------------------------------------------------------------

    /// The bounds of what a client may send and hold.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The revisions that are spoken; all of them by default.
    pub fn revisions(mut self, revisions: impl Into<Vec<Revision>>) -> Self {
        self.revisions = revisions.into();
        self
    }

    /// Items in one page of a list. 1,000 by default.
    pub fn page_size(mut self, items: usize) -> Self {
        let items = items.max(1);
        self.page_sizes = PageSizes { tools: items, prompts: items, resources: items };
        self
    }

    /// Items in one page of the lists of resources and templates, where they are more than the
    /// others.
    pub fn resource_page_size(mut self, items: usize) -> Self {
        self.page_sizes.resources = items.max(1);
        self
    }

    /// How long clients may keep lists and resources that say nothing themselves, and whether they
    /// may share them (since 2026-07-28). Not at all by default.
    pub fn cache(mut self, fresh_for: Duration, scope: CacheScope) -> Self {
        self.cache = (fresh_for, scope);
        self
    }

    /// The keys that seal what a call remembers between its rounds of questions (since 2026-07-28).
    /// Without them the server makes one of its own, which ends with the process: give instances
    /// that serve one address a ring with a common secret.
    pub fn state_keys(mut self, keys: KeyRing) -> Self {
        self.state_keys = Some(keys);
        self
    }

    /// Takes each `requestState` once (MRTR-7): a client that sends an old one again, or that lost
    /// the answer to a round, has to start over. What is spent is remembered in this process until
    /// it expires, so this needs one instance, or routing that keeps a call on one.
    pub fn state_single_use(mut self, single_use: bool) -> Self {
        self.state_single_use = single_use;
        self
    }

    /// A handle that adds, replaces and removes while the server runs. Take it before serving.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.live))
    }

    fn register<T>(
        mut self,
        kind: &'static str,
        routes: impl IntoIterator<Item = T>,
        name: impl Fn(&T) -> String,
        check: impl Fn(&T) -> Result<(), BuildError>,
        insert: impl Fn(&mut Registry, Arc<T>) -> Option<Arc<T>>,
    ) -> Self {
        for route in routes {
            if let Err(mistake) = check(&route) {
                self.mistake.get_or_insert(mistake);
                continue;
            }
            let name = name(&route);
            let route = Arc::new(route);
            if self.live.change(|registry| insert(registry, route)).is_some() {
                self.mistake.get_or_insert(BuildError::Duplicate { kind, name });
            }
        }
        self
    }

    /// Builds the server: what it offers is checked, and calls can be taken from any number of
    /// connections.
    ///
    /// # Errors
    /// The first mistake among the registrations.
    pub fn build(self) -> Result<Server, BuildError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        if self.revisions.is_empty() {
            return Err(BuildError::Invalid {
                kind: "server",
                name: self.info.name,
                reason: "it speaks no revision".into(),
            });
        }
        let (ttl, scope) = self.cache;
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let encoder =
            Encoder::new(&self.info, ttl_ms, scope).map_err(|error| BuildError::Invalid {
                kind: "server",
                name: self.info.name.clone(),
                reason: error.to_string(),
            })?;
        let mut attached = Extensions::new();
        attached.insert(ServerHandle::new(Arc::clone(&self.live)));
        let environment = Environment {
            server_name: self.info.name.clone(),
            states: self.states,
            attached,
            blocking: BlockingPool::new(self.limits.max_blocking_threads),
            sealer: Sealer::new(self.state_keys, self.state_single_use, &self.limits),
            limits: self.limits,
            encoder,
        };
        let definition = Arc::new(ServerDefinition {
            info: self.info,
            instructions: self.instructions,
            revisions: self.revisions,
            extensions: self.extensions,
            methods: self.methods,
            live: self.live,
            page_sizes: self.page_sizes,
            environment: Arc::new(environment),
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
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("info", &self.info).finish_non_exhaustive()
    }
}
