//! A resource or resource template, and its handler.

use std::collections::BTreeMap;
use std::fmt;

use mcp_core::meta::Meta;
use mcp_core::types::{Annotations, Icon, ReadResourceResult, Resource, ResourceTemplate};

use super::call::ResourceCall;
use super::{IntoResourceResult, Template, TemplateError};
use crate::auth::RouteScopes;
use crate::completion::{Completer, Completers, CompletionCall, CompletionFuture, IntoCompletion};
use crate::context::{Context, HandlerFuture};
use crate::extract::{FromContext, Needs};
use crate::handler::Handler;
use crate::wiring::Wiring;

/// The future of one `resources/read` call.
pub type ResourceFuture = HandlerFuture<ReadResourceResult>;

/// A resource or resource template to register: its description for lists, and its handler.
///
/// The `#[resource]` macro creates one, and so does [`ResourceRoute::builder`].
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::resource::ResourceRoute;
///
/// let settings = ResourceRoute::builder("config://app", "settings")
///     .mime_type("application/json")
///     .handler(|| async { r#"{ "theme": "dark" }"# });
/// let server = Server::builder("app", "1.0.0").resource(settings);
/// # server.build().unwrap();
/// ```
pub struct ResourceRoute {
    pub(crate) kind: ResourceKind,
    pub(crate) completers: Completers,
    pub(crate) scopes: RouteScopes,
    pub(crate) wiring: Wiring,
    handler: Box<dyn Fn(ResourceCall) -> ResourceFuture + Send + Sync>,
}

/// A resource or a resource template.
pub(crate) enum ResourceKind {
    Resource(Resource),
    Template { listed: ResourceTemplate, template: Result<Template, TemplateError> },
}

impl ResourceRoute {
    /// Creates a builder of a resource, or of a resource template if `uri` has variables in braces
    /// (RFC 6570):
    ///
    /// | expression | value |
    /// |---|---|
    /// | `{name}` | one segment: no `/`, `?` or `#` |
    /// | `{path*}` | a string that may have `/`, such as a path of several segments |
    /// | `{+rest}` | a string that may have `/`, `?` and `#` |
    /// | `{?words,limit}` | parameters of the query, at the end: `?limit=3&words=a%20b`. Each may be missing, so its type is an `Option`; one that is not makes the call fail with −32602. |
    /// | `{&limit}` | the same, after a literal with a `?`: `search://notes?v=1{&limit}` |
    ///
    /// By RFC 6570, `{path*}` of a list joins its items with commas. The variable is a string
    /// nevertheless, which keeps the commas: clients fill templates with strings, and mean a path.
    /// [`Template::matches`] has the exact rules.
    ///
    /// ```
    /// use mcp_server::resource::{ResourceCall, ResourceRoute};
    ///
    /// let motto = ResourceRoute::builder("text://motto", "motto")
    ///     .mime_type("text/plain")
    ///     .handler(|| async { "Less is more." });
    ///
    /// let user = ResourceRoute::builder("users://{id}", "user").raw(|call: ResourceCall| {
    ///     Box::pin(async move {
    ///         use mcp_server::resource::IntoResourceResult as _;
    ///         let id = call.variable("id").unwrap_or_default();
    ///         format!("user {id}").into_resource_result(call.uri(), call.mime_type())
    ///     })
    /// });
    /// ```
    #[track_caller]
    pub fn builder(uri: impl Into<String>, name: impl Into<String>) -> ResourceBuilder {
        let uri = uri.into();
        let kind = if uri.contains('{') {
            let template = Template::parse(&uri);
            ResourceKind::Template { listed: ResourceTemplate::new(uri, name), template }
        } else {
            ResourceKind::Resource(Resource::new(uri, name))
        };
        ResourceBuilder {
            kind,
            completers: Completers::default(),
            scopes: RouteScopes::default(),
            wiring: Wiring::here(),
        }
    }

    /// Returns the URI or the URI template.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// let note = ResourceRoute::builder("note://{id}", "note").handler(|| async { "" });
    /// assert_eq!(note.uri(), "note://{id}"); // What `ServerHandle::remove_resource` takes.
    /// ```
    #[must_use]
    pub fn uri(&self) -> &str {
        match &self.kind {
            ResourceKind::Resource(resource) => &resource.uri,
            ResourceKind::Template { listed, .. } => &listed.uri_template,
        }
    }

    pub(crate) fn read(
        &self,
        context: Context,
        uri: String,
        variables: BTreeMap<String, String>,
    ) -> ResourceFuture {
        let mime_type = match &self.kind {
            ResourceKind::Resource(resource) => resource.mime_type.clone(),
            ResourceKind::Template { listed, .. } => listed.mime_type.clone(),
        };
        (self.handler)(ResourceCall::new(context, uri, variables, mime_type))
    }
}

impl fmt::Debug for ResourceRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceRoute").field("uri", &self.uri()).finish_non_exhaustive()
    }
}

/// Builds a [`ResourceRoute`]. [`ResourceRoute::builder`] creates it.
///
/// ```
/// use mcp_server::extract::Args;
/// use mcp_server::resource::ResourceRoute;
///
/// #[derive(serde::Deserialize)]
/// struct Note {
///     id: u64,
/// }
///
/// let note = ResourceRoute::builder("note://{id}", "note")
///     .description("A note, as Markdown.")
///     .mime_type("text/markdown")
///     .handler(|Args(Note { id }): Args<Note>| async move { format!("# Note {id}") });
/// ```
#[must_use = "a resource needs a handler"]
pub struct ResourceBuilder {
    kind: ResourceKind,
    completers: Completers,
    scopes: RouteScopes,
    wiring: Wiring,
}

/// Sets a member that resources and resource templates have in common.
macro_rules! set {
    ($self:ident . $field:ident = $value:expr) => {{
        match &mut $self.kind {
            ResourceKind::Resource(resource) => resource.$field = Some($value),
            ResourceKind::Template { listed, .. } => listed.$field = Some($value),
        }
        $self
    }};
}

impl ResourceBuilder {
    /// Sets the display name.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// let log = ResourceRoute::builder("log://today", "log").title("Today's log").handler(|| async { "" });
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        set!(self.title = title.into())
    }

    /// Sets the description.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// let log = ResourceRoute::builder("log://today", "log")
    ///     .description("One line for each request, the newest last.")
    ///     .handler(|| async { "12:00 GET /" });
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        set!(self.description = description.into())
    }

    /// Sets the MIME type of the contents.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// // Contents have it too, unless they set their own.
    /// let page = ResourceRoute::builder("page://start", "start")
    ///     .mime_type("text/html")
    ///     .handler(|| async { "<h1>Welcome</h1>" });
    /// # use mcp_server::Server;
    /// # let server = Server::builder("pages", "1.0.0").resource(page);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # let read = serde_json::to_value(client.read("page://start").await.unwrap()).unwrap();
    /// # assert_eq!(read["contents"][0]["mimeType"], "text/html");
    /// # });
    /// ```
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        set!(self.mime_type = mime_type.into())
    }

    /// Sets the size of the contents, in bytes. Ignored for resource templates, which have no size.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// const LICENSE: &str = "Permission is hereby granted, …";
    ///
    /// // A host sees before it reads whether the text fits into the model's context.
    /// let license = ResourceRoute::builder("file:///LICENSE", "license")
    ///     .size(LICENSE.len() as u64)
    ///     .handler(|| async { LICENSE });
    /// ```
    pub fn size(mut self, bytes: u64) -> Self {
        if let ResourceKind::Resource(resource) = &mut self.kind {
            resource.size = Some(bytes);
        }
        self
    }

    /// Sets the annotations: the audience and the priority.
    ///
    /// ```
    /// use mcp_server::resource::ResourceRoute;
    /// use mcp_server::types::{Annotations, Role};
    ///
    /// // For the model, and worth a place in its context.
    /// let rules = ResourceRoute::builder("doc://rules", "rules")
    ///     .annotations(Annotations::new().audience([Role::Assistant]).priority(0.9))
    ///     .handler(|| async { "Write short sentences." });
    /// ```
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        set!(self.annotations = annotations)
    }

    /// Sets the icons.
    ///
    /// ```
    /// use mcp_server::resource::ResourceRoute;
    /// use mcp_server::types::Icon;
    ///
    /// let icon = Icon::new("https://example.com/log.svg").mime_type("image/svg+xml");
    /// let log = ResourceRoute::builder("log://today", "log").icons([icon]).handler(|| async { "" });
    /// ```
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        set!(self.icons = icons.into())
    }

    /// Sets the `_meta` in lists.
    ///
    /// ```
    /// use mcp_server::meta::Meta;
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// let meta = Meta::new().with("com.example/retention-days", 30);
    /// let log = ResourceRoute::builder("log://today", "log").meta(meta).handler(|| async { "" });
    /// ```
    pub fn meta(mut self, meta: Meta) -> Self {
        set!(self.meta = meta)
    }

    /// Allows all values of the variables of a URI template.
    ///
    /// By default, a URI whose variables could leave a folder (`..`, an encoded `/`, NUL; see
    /// [`Template::matches`]) is answered like an unknown resource.
    ///
    /// ```
    /// use mcp_server::extract::Args;
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Key {
    ///     key: String,
    /// }
    ///
    /// // Keys of a map, which may be `..`: they are no paths, so nothing can be left.
    /// let value = ResourceRoute::builder("kv://{key}", "value")
    ///     .unchecked_variables()
    ///     .handler(|Args(Key { key }): Args<Key>| async move { format!("the value of {key}") });
    /// # use mcp_server::Server;
    /// # let server = Server::builder("kv", "1.0.0").resource(value);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # assert!(client.read("kv://..").await.is_ok());
    /// # });
    /// ```
    pub fn unchecked_variables(mut self) -> Self {
        if let ResourceKind::Template { template: Ok(template), .. } = &mut self.kind {
            *template = template.clone().unchecked();
        }
        self
    }

    /// Adds scopes that a caller needs, all of them. In `repo:{owner}`, the value of a variable of
    /// the template is a part of the scope.
    ///
    /// Over HTTP, a caller without them is refused with 403 and the names of all scopes before the
    /// handler runs, and lists do not show the route. Over other transports, scopes are checked if
    /// [`ServerBuilder::local_principal`](crate::ServerBuilder::local_principal) is set.
    ///
    /// ```
    /// # use mcp_server::resource::ResourceRoute;
    /// // A caller with `mail:ada` reads the mail of Ada only.
    /// let mail = ResourceRoute::builder("mail://{user}/{id}", "mail")
    ///     .scopes(["mail:{user}"])
    ///     .handler(|| async { "Dear Ada, …" });
    /// ```
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets the function that suggests values for a variable of the URI template
    /// (`completion/complete`).
    ///
    /// ```
    /// use mcp_server::completion::CompletionCall;
    /// use mcp_server::resource::ResourceRoute;
    /// use mcp_server::types::Completion;
    ///
    /// let log = ResourceRoute::builder("log://{service}", "log")
    ///     .complete("service", |call: CompletionCall| {
    ///         Box::pin(async move {
    ///             let services = ["api", "auth", "web"].map(str::to_owned);
    ///             let begins = services.into_iter().filter(|service| service.starts_with(call.value()));
    ///             Ok(Completion::new().values(begins.collect::<Vec<_>>()))
    ///         })
    ///     })
    ///     .handler(|| async { "12:00 started" });
    /// ```
    pub fn complete(
        mut self,
        variable: impl Into<String>,
        completer: impl Fn(CompletionCall) -> CompletionFuture + Send + Sync + 'static,
    ) -> Self {
        self.completers.insert(variable.into(), Completer::new(completer));
        self
    }

    /// Sets the function that suggests values for a variable, an async function whose
    /// arguments are [extractors](crate::extract) or the [`CompletionCall`]. Building the server
    /// fails if it takes a [`State`](crate::extract::State) that the server does not have.
    ///
    /// ```
    /// use mcp_server::completion::CompletionCall;
    /// use mcp_server::extract::State;
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// struct Services(Vec<String>);
    ///
    /// async fn services(call: CompletionCall, services: State<Services>) -> Vec<String> {
    ///     let found = services.0.iter().filter(|service| service.starts_with(call.value()));
    ///     found.cloned().collect()
    /// }
    ///
    /// let log = ResourceRoute::builder("log://{service}", "log")
    ///     .complete_with("service", services)
    ///     .handler(|| async { "12:00 started" });
    /// ```
    pub fn complete_with<M, H>(mut self, variable: impl Into<String>, completer: H) -> Self
    where
        H: Handler<CompletionCall, M>,
        H::Output: IntoCompletion,
    {
        H::needs(&mut self.wiring.needs);
        self.completers.insert(variable.into(), Completer::of_handler(completer));
        self
    }

    /// Adds what a completion function needs of the server.
    #[doc(hidden)]
    pub fn completes_with(mut self, needs: impl FnOnce(&mut Needs)) -> Self {
        needs(&mut self.wiring.needs);
        self
    }

    /// Adds what an argument of the handler needs of the server.
    #[doc(hidden)]
    pub fn takes<T: FromContext>(mut self) -> Self {
        T::needs(&mut self.wiring.needs);
        self
    }

    /// Sets the handler, an async function whose arguments are [extractors](crate::extract).
    ///
    /// ```
    /// use mcp_server::ErrorObject;
    /// use mcp_server::extract::{Args, State};
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// struct Notes(Vec<String>);
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Note {
    ///     id: usize,
    /// }
    ///
    /// async fn note(notes: State<Notes>, Args(Note { id }): Args<Note>) -> Result<String, ErrorObject> {
    ///     let found = notes.0.get(id).cloned();
    ///     found.ok_or_else(|| ErrorObject::invalid_params(format!("there is no note {id}")))
    /// }
    ///
    /// let note = ResourceRoute::builder("note://{id}", "note").handler(note);
    /// ```
    pub fn handler<M, H>(mut self, handler: H) -> ResourceRoute
    where
        H: Handler<ResourceCall, M>,
        H::Output: IntoResourceResult,
    {
        H::needs(&mut self.wiring.needs);
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => {
                Box::pin(
                    async move { running.await.into_resource_result(call.uri(), call.mime_type()) },
                )
            }
            Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
        })
    }

    /// Sets a handler that receives the call itself.
    ///
    /// ```
    /// use mcp_server::resource::{ResourceCall, ResourceRoute};
    /// use mcp_server::types::{ReadResourceResult, ResourceContents};
    ///
    /// // Two contents for one URI: the text and its picture.
    /// let page = ResourceRoute::builder("page://{id}", "page").raw(|call: ResourceCall| {
    ///     Box::pin(async move {
    ///         let text = ResourceContents::text(call.uri(), "A bird.");
    ///         let picture = ResourceContents::blob(format!("{}/picture", call.uri()), [0xff, 0xd8]);
    ///         Ok(ReadResourceResult::new([text, picture]))
    ///     })
    /// });
    /// ```
    pub fn raw(
        self,
        handler: impl Fn(ResourceCall) -> ResourceFuture + Send + Sync + 'static,
    ) -> ResourceRoute {
        let Self { kind, completers, scopes, wiring } = self;
        ResourceRoute { kind, completers, scopes, wiring, handler: Box::new(handler) }
    }
}

impl fmt::Debug for ResourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResourceBuilder")
    }
}
