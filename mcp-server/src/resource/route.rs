//! A resource, or a template of resources, and the handler behind it.

use std::collections::BTreeMap;
use std::fmt;

use mcp_core::meta::Meta;
use mcp_core::types::{Annotations, Icon, ReadResourceResult, Resource, ResourceTemplate};
use serde::de::DeserializeOwned;

use super::{IntoResourceResult, Template, TemplateError};
use crate::completion::{Completer, Completers, CompletionCall, CompletionFuture};
use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Args, Extract, Rejection, from_texts};
use crate::handler::Handler;

/// The future of one `resources/read`.
pub type ResourceFuture = HandlerFuture<ReadResourceResult>;

/// A resource, or a template of resources, that can be registered: what is listed, and what runs.
pub struct ResourceRoute {
    pub(crate) kind: ResourceKind,
    pub(crate) completers: Completers,
    handler: Box<dyn Fn(ResourceCall) -> ResourceFuture + Send + Sync>,
}

/// Which of the two a route is.
pub(crate) enum ResourceKind {
    Resource(Resource),
    Template { listed: ResourceTemplate, template: Result<Template, TemplateError> },
}

impl ResourceRoute {
    /// Begins a resource, or a template when `uri` has variables in braces (RFC 6570).
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
    pub fn builder(uri: impl Into<String>, name: impl Into<String>) -> ResourceBuilder {
        let uri = uri.into();
        let kind = if uri.contains('{') {
            let template = Template::parse(&uri);
            ResourceKind::Template { listed: ResourceTemplate::new(uri, name), template }
        } else {
            ResourceKind::Resource(Resource::new(uri, name))
        };
        ResourceBuilder { kind, completers: Completers::default() }
    }

    /// The URI, or the URI template.
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

/// One `resources/read`.
#[derive(Debug)]
pub struct ResourceCall {
    context: Context,
    uri: String,
    variables: BTreeMap<String, String>,
    mime_type: Option<String>,
}

impl ResourceCall {
    /// The context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The URI that is read.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The variables of the template by name, percent-decoded.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// One variable of the template.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The MIME type that the resource is listed with.
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

/// A resource in the making.
#[must_use = "a resource needs a handler"]
pub struct ResourceBuilder {
    kind: ResourceKind,
    completers: Completers,
}

/// Sets a member that resources and templates both have.
macro_rules! both {
    ($self:ident . $field:ident = $value:expr) => {{
        match &mut $self.kind {
            ResourceKind::Resource(resource) => resource.$field = Some($value),
            ResourceKind::Template { listed, .. } => listed.$field = Some($value),
        }
        $self
    }};
}

impl ResourceBuilder {
    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        both!(self.title = title.into())
    }

    /// What it is.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        both!(self.description = description.into())
    }

    /// The MIME type of what is read.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        both!(self.mime_type = mime_type.into())
    }

    /// The size of what is read, in bytes. Templates have none.
    pub fn size(mut self, bytes: u64) -> Self {
        if let ResourceKind::Resource(resource) = &mut self.kind {
            resource.size = Some(bytes);
        }
        self
    }

    /// For whom it is, and how important.
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        both!(self.annotations = annotations)
    }

    /// Icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        both!(self.icons = icons.into())
    }

    /// The `_meta` in lists.
    pub fn meta(mut self, meta: Meta) -> Self {
        both!(self.meta = meta)
    }

    /// Lets the variables of a template have any value.
    ///
    /// By default a URI whose variables would lead out of a folder (`..`, an encoded `/`, NUL, see
    /// [`Template::matches`]) is answered as an unknown resource.
    pub fn unchecked_variables(mut self) -> Self {
        if let ResourceKind::Template { template: Ok(template), .. } = &mut self.kind {
            *template = template.clone().unchecked();
        }
        self
    }

    /// Suggests values for a variable of the template while it is typed.
    pub fn complete(
        mut self,
        variable: impl Into<String>,
        completer: impl Fn(CompletionCall) -> CompletionFuture + Send + Sync + 'static,
    ) -> Self {
        self.completers.insert(variable.into(), Completer::new(completer));
        self
    }

    /// The handler: an async function over [extractors](crate::extract).
    pub fn handler<M, H>(self, handler: H) -> ResourceRoute
    where
        H: Handler<ResourceCall, M>,
        H::Output: IntoResourceResult,
    {
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => {
                Box::pin(
                    async move { running.await.into_resource_result(call.uri(), call.mime_type()) },
                )
            }
            Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
        })
    }

    /// The handler in its barest form.
    pub fn raw(
        self,
        handler: impl Fn(ResourceCall) -> ResourceFuture + Send + Sync + 'static,
    ) -> ResourceRoute {
        ResourceRoute { kind: self.kind, completers: self.completers, handler: Box::new(handler) }
    }
}

impl fmt::Debug for ResourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResourceBuilder")
    }
}
