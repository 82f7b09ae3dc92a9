//! What a policy is asked about.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::time::SystemTime;

use serde_json::Value;
use tokio::time::Instant;

use super::arguments;
use super::glob::VARIABLE;
use crate::jsonrpc::Params;
use crate::method::{
    self, Complete, Method as _, PromptsGet, ResourcesRead, ResourcesSubscribe,
    ResourcesUnsubscribe, SubscriptionsListen, ToolsCall,
};
use crate::types::{
    CompleteParams, CompletionReference, SubscriptionsListenParams, ToolAnnotations,
};

/// What a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// Nothing.
    None,
    /// A tool, by its name.
    Tool(Cow<'a, str>),
    /// A prompt, by its name.
    Prompt(Cow<'a, str>),
    /// A resource, by its URI.
    Resource(Cow<'a, str>),
    /// A template of resources, in a list or a completion.
    Template(Cow<'a, str>),
}

impl Subject<'_> {
    /// Returns the name, URI or template.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Tool(name) | Self::Prompt(name) | Self::Resource(name) | Self::Template(name) => {
                Some(name)
            }
        }
    }
}

/// What kind of request a policy decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A tool call, a prompt or a resource that is read: what policies are for.
    Use,
    /// A completion or a subscription.
    Accompanying,
    /// Another method of the protocol.
    Protocol,
    /// A method that the protocol does not have.
    Custom,
}

type HasScope<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// What a policy is asked about: a call, and who makes it.
pub struct PolicyRequest<'a> {
    pub(super) principal: Option<&'a str>,
    pub(super) has_scope: Option<HasScope<'a>>,
    pub(super) server: &'a str,
    pub(super) is_trusted: bool,
    pub(super) method: &'a str,
    pub(super) subject: Subject<'a>,
    pub(super) annotations: Option<&'a ToolAnnotations>,
    arguments: Option<&'a str>,
    parsed: OnceCell<Result<Value, String>>,
    pub(super) now: SystemTime,
    pub(super) instant: Instant,
}

impl<'a> PolicyRequest<'a> {
    /// Creates a request of a method that names nothing, at the present time.
    #[must_use]
    pub fn new(method: &'a str) -> Self {
        Self {
            principal: None,
            has_scope: None,
            server: "",
            is_trusted: false,
            method,
            subject: Subject::None,
            annotations: None,
            arguments: None,
            parsed: OnceCell::new(),
            now: SystemTime::now(),
            instant: Instant::now(),
        }
    }

    /// Creates a call of a tool.
    #[must_use]
    pub fn tool(name: &'a str) -> Self {
        Self::new(ToolsCall::NAME).subject_is(Subject::Tool(name.into()))
    }

    /// Creates a request for a prompt.
    #[must_use]
    pub fn prompt(name: &'a str) -> Self {
        Self::new(PromptsGet::NAME).subject_is(Subject::Prompt(name.into()))
    }

    /// Creates a request that reads a resource.
    #[must_use]
    pub fn resource(uri: &'a str) -> Self {
        Self::new(ResourcesRead::NAME).subject_is(Subject::Resource(uri.into()))
    }

    /// Creates a request that reads some resource of a URI template.
    #[must_use]
    pub fn template(template: &'a str) -> Self {
        Self::new(ResourcesRead::NAME).subject_is(Subject::Template(template.into()))
    }

    /// Creates what there is to decide about a request of a client: one request, or one for each
    /// resource of a subscription.
    ///
    /// # Errors
    /// What is wrong with the parameters. A request whose parameters cannot be read must not be
    /// passed on.
    pub fn of(method: &'a str, params: &'a Params) -> Result<Vec<Self>, String> {
        let new = || Self::new(method);
        let named = |make: fn(Cow<'a, str>) -> Subject<'a>, member: &'static str| {
            let [name, arguments] =
                params.member_texts([member, "arguments"]).map_err(|error| error.to_string())?;
            let name = name.ok_or_else(|| format!("missing field `{member}`"))?;
            let name: Cow<'a, str> = arguments::text(name)?;
            let mut request = new().subject_is(make(name));
            request.arguments = arguments.filter(|arguments| *arguments != "null");
            Ok::<_, String>(vec![request])
        };
        match method {
            ToolsCall::NAME => named(Subject::Tool, "name"),
            PromptsGet::NAME => named(Subject::Prompt, "name"),
            ResourcesRead::NAME | ResourcesSubscribe::NAME | ResourcesUnsubscribe::NAME => {
                named(Subject::Resource, "uri")
            }
            Complete::NAME => {
                let complete: CompleteParams = params.parse().map_err(|error| error.to_string())?;
                let subject = match complete.reference {
                    CompletionReference::Prompt(prompt) => Subject::Prompt(prompt.name.into()),
                    CompletionReference::Resource(template) => {
                        Subject::Template(template.uri.into())
                    }
                };
                Ok(vec![new().subject_is(subject)])
            }
            SubscriptionsListen::NAME => {
                let listen: SubscriptionsListenParams =
                    params.parse().map_err(|error| error.to_string())?;
                let uris = listen.notifications.resource_subscriptions.into_iter().flatten();
                let of_uris = uris.map(|uri| new().subject_is(Subject::Resource(uri.into())));
                Ok(std::iter::once(new()).chain(of_uris).collect())
            }
            _ => Ok(vec![new()]),
        }
    }

    fn subject_is(mut self, subject: Subject<'a>) -> Self {
        self.subject = subject;
        self
    }

    /// Sets the id of the verified caller.
    #[must_use]
    pub fn principal(mut self, id: Option<&'a str>) -> Self {
        self.principal = id;
        self
    }

    /// Sets what tells the scopes of the caller. Without it, the caller has none.
    #[must_use]
    pub fn scopes(mut self, has_scope: &'a (dyn Fn(&str) -> bool + Sync)) -> Self {
        self.has_scope = Some(has_scope);
        self
    }

    /// Sets the name of the server. On a client that is the name that the host gave it, never what
    /// the server calls itself.
    #[must_use]
    pub fn server(mut self, name: &'a str) -> Self {
        self.server = name;
        self
    }

    /// Sets that the annotations of the server count, also if no file lists it as trusted.
    #[must_use]
    pub fn trusted(mut self, trusted: bool) -> Self {
        self.is_trusted = trusted;
        self
    }

    /// Sets the annotations of the tool.
    #[must_use]
    pub fn annotations(mut self, annotations: Option<&'a ToolAnnotations>) -> Self {
        self.annotations = annotations;
        self
    }

    /// Sets the arguments: the text of a JSON object.
    #[must_use]
    pub fn arguments(mut self, arguments: impl Into<Option<&'a str>>) -> Self {
        self.arguments = arguments.into();
        self.parsed = OnceCell::new();
        self
    }

    /// Sets the time: that of the calendar for schedules, and the one that rates are measured by.
    #[must_use]
    pub fn at(mut self, now: SystemTime, instant: Instant) -> Self {
        (self.now, self.instant) = (now, instant);
        self
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method
    }

    /// Returns what the call names.
    #[must_use]
    pub fn subject(&self) -> &Subject<'a> {
        &self.subject
    }

    /// Returns the id of the verified caller.
    #[must_use]
    pub fn principal_id(&self) -> Option<&str> {
        self.principal
    }

    /// Whether the caller has a scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.has_scope.is_some_and(|has_scope| has_scope(scope))
    }

    /// Returns the name of the server.
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.server
    }

    /// Returns the text of the arguments.
    #[must_use]
    pub fn arguments_text(&self) -> Option<&str> {
        self.arguments
    }

    /// Returns the arguments. Null if there are none.
    ///
    /// # Errors
    /// What is wrong with them, for example a member that occurs twice.
    pub fn arguments_value(&self) -> Result<&Value, &str> {
        let parsed = self.parsed.get_or_init(|| match self.arguments {
            None => Ok(Value::Null),
            Some(text) => arguments::parse(text),
        });
        parsed.as_ref().map_err(String::as_str)
    }

    /// Returns the annotations of the tool, as far as its server is trusted.
    #[must_use]
    pub fn trusted_annotations(&self) -> Option<&'a ToolAnnotations> {
        self.annotations.filter(|_| self.is_trusted)
    }

    /// Returns what kind of request it is.
    #[must_use]
    pub fn operation(&self) -> Operation {
        match self.method {
            ToolsCall::NAME | PromptsGet::NAME | ResourcesRead::NAME => Operation::Use,
            Complete::NAME
            | ResourcesSubscribe::NAME
            | ResourcesUnsubscribe::NAME
            | SubscriptionsListen::NAME => Operation::Accompanying,
            name if method::find(name).is_some() => Operation::Protocol,
            _ => Operation::Custom,
        }
    }

    /// The text that globs of resources are compared with, and how it begins in any case.
    pub(super) fn resource_text(&self) -> Option<(Cow<'_, str>, &str)> {
        match &self.subject {
            Subject::Resource(uri) => Some((Cow::Borrowed(uri), uri)),
            Subject::Template(template) => {
                let begin = template.split('{').next().unwrap_or_default();
                Some((Cow::Owned(without_variables(template)), begin))
            }
            _ => None,
        }
    }
}

/// Replaces each expression of a URI template with a mark that only wildcards match.
fn without_variables(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push(VARIABLE);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

impl fmt::Debug for PolicyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyRequest")
            .field("principal", &self.principal)
            .field("server", &self.server)
            .field("method", &self.method)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
