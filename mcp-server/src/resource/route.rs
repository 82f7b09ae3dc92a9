//! A resource or resource template, and its handler.

use std::collections::BTreeMap;
use std::fmt;

use mcp_core::meta::Meta;
use mcp_core::types::{Annotations, Icon, ReadResourceResult, Resource, ResourceTemplate};
use serde::de::DeserializeOwned;

use super::{IntoResourceResult, Template, TemplateError};
use crate::auth::RouteScopes;
use crate::completion::{Completer, Completers, CompletionCall, CompletionFuture, IntoCompletion};
use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Args, Extract, FromContext, Needs, Rejection, from_texts};
use crate::handler::Handler;
use crate::wiring::Wiring;

/// The future of one `resources/read` call.
pub type ResourceFuture = HandlerFuture<ReadResourceResult>;

/// A resource or resource template to register: its description for lists, and its handler.
///
/// The `#[resource]` macro creates one, and so does [`ResourceRoute::builder`].
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
        (self.handler)(ResourceCall { context, uri, variables, mime_type })
    }
}

impl fmt::Debug for ResourceRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceRoute").field("uri", &self.uri()).finish_non_exhaustive()
    }
}

/// A call of `resources/read`.
#[derive(Debug)]
pub struct ResourceCall {
    context: Context,
    uri: String,
    variables: BTreeMap<String, String>,
    mime_type: Option<String>,
}

impl ResourceCall {
    /// Returns the context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the requested URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns the variables of the URI template by name, percent-decoded.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns one variable of the URI template.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the MIME type of the resource in lists.
    #[must_use]
    pub fn mime_type(&self) -> Option<&str> {
        self.mime_type.as_deref()
    }
}

impl HandlerCall for ResourceCall {
    fn context(&self) -> &Context {
        &self.context
    }
}

impl<T: DeserializeOwned> Extract<ResourceCall> for Args<T> {
    fn extract(call: &ResourceCall) -> Result<Self, Rejection> {
        Ok(Self(from_texts(call.variables())?))
    }
}

/// Builds a [`ResourceRoute`]. [`ResourceRoute::builder`] creates it.
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
    pub fn title(mut self, title: impl Into<String>) -> Self {
        set!(self.title = title.into())
    }

    /// Sets the description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        set!(self.description = description.into())
    }

    /// Sets the MIME type of the contents.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        set!(self.mime_type = mime_type.into())
    }

    /// Sets the size of the contents, in bytes. Ignored for resource templates, which have no size.
    pub fn size(mut self, bytes: u64) -> Self {
        if let ResourceKind::Resource(resource) = &mut self.kind {
            resource.size = Some(bytes);
        }
        self
    }

    /// Sets the annotations: the audience and the priority.
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        set!(self.annotations = annotations)
    }

    /// Sets the icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        set!(self.icons = icons.into())
    }

    /// Sets the `_meta` in lists.
    pub fn meta(mut self, meta: Meta) -> Self {
        set!(self.meta = meta)
    }

    /// Allows all values of the variables of a URI template.
    ///
    /// By default, a URI whose variables could leave a folder (`..`, an encoded `/`, NUL; see
    /// [`Template::matches`]) is answered like an unknown resource.
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
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets the function that suggests values for a variable of the URI template
    /// (`completion/complete`).
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
    /// See [`PromptBuilder::complete_with`](crate::prompt::PromptBuilder::complete_with).
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
