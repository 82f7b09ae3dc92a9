//! Decides about calls by a policy.

use std::fmt;
use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::method::{
    self, Method as _, PromptsList, ResourceTemplatesList, ResourcesList, ResourcesRead, ToolsList,
};
use mcp_core::policy::{Decision, PolicyEngine, PolicyRequest, Subject, Verdict, question};
use mcp_core::service::{CallError, Notification, Reply, Request, Service};
use mcp_core::types::{ElicitAction, ElicitParams, ElicitSchema};
use serde_json::json;
use tower_layer::Layer;

use crate::auth::Principal;
use crate::context::Context;
use crate::input::{Approval, ask_before};
use crate::registry::{ListedRoute, Registry, RouteFilter, RouteFilters};

/// The key of the question in `inputRequests`.
const QUESTION_KEY: &str = "policy";

/// Decides about calls by a [policy](crate::policy): rules, or an engine of your own.
///
/// * A call that is **denied** is answered with a JSON-RPC error of the kind
///   [`ErrorKind::Forbidden`], which names the rule; a tool call too. It is no result with
///   `isError`, because the tool was not called: a client must not take the refusal for something
///   that the tool said, and an audit can tell them apart.
/// * A call that has to be **asked** about is suspended until the user has answered
///   ([elicitation](crate::input)). Only an answer that accepts lets it pass. Declining, cancelling,
///   a client without the capability, and no answer within
///   [`Limits::peer_request_timeout`](crate::Limits::peer_request_timeout) deny it. The question
///   names the tool and its arguments, cut to 1,000 characters.
/// * **Lists** have what the caller may use with some arguments, and are for the caller only
///   (`cacheScope: private`), as are resources that it reads.
///
/// Since revision 2026-07-28 the answer comes with the next round of the call. It counts only with
/// the state that this server sealed for the question, for the same principal and exactly the same
/// arguments. The client may send both again until the state expires; set
/// [`ServerBuilder::state_single_use`](crate::ServerBuilder::state_single_use) so that each
/// approval is for one call.
///
/// Each round of a call is decided, with the rates and the time of that moment. A call that runs as
/// a [task](crate::task) is decided when it starts. `initialize` and notifications are not decided.
///
/// A policy decides about the request as it arrives at this layer, and about the arguments in the
/// form of the schema as written, whatever the [dialect](crate::dialect) of the call. It does not
/// see what layers inside of it, which were added before, change in the parameters. Add an
/// `AuditLayer` after it, so that refusals are recorded.
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::layer::PolicyLayer;
/// use mcp_server::policy::Policy;
///
/// let policy = Policy::parse(
///     "policy.toml",
///     r#"
///     default = "ask"
///
///     [[rule]]
///     verdict = "allow"
///     annotations = { read_only = true }
///
///     [[rule]]
///     name = "no deletions at night"
///     verdict = "deny"
///     tools = ["delete_*"]
///     hours = "20:00-06:00"
///     "#,
/// )?;
/// let server = Server::builder("notes", "1.0.0").layer(PolicyLayer::new(policy));
/// # Ok::<(), mcp_server::policy::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct PolicyLayer(Arc<ServerPolicy>);

#[derive(Clone)]
struct ServerPolicy {
    engine: Arc<dyn PolicyEngine>,
    trusts_annotations: bool,
}

impl PolicyLayer {
    /// Creates a layer from a [`Policy`](crate::policy::Policy), or another engine.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::layer::PolicyLayer;
    /// use mcp_server::policy::Policy;
    ///
    /// let rules = r#"
    /// default = "deny"
    ///
    /// [[rule]]
    /// verdict = "allow"
    /// tools = ["search", "read_*"]
    /// "#;
    /// let layer = PolicyLayer::new(Policy::parse("policy.toml", rules)?);
    /// let server = Server::builder("notes", "1.0.0").layer(layer);
    /// # Ok::<(), mcp_server::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(engine: impl PolicyEngine) -> Self {
        Self(Arc::new(ServerPolicy { engine: Arc::new(engine), trusts_annotations: true }))
    }

    /// Sets whether the annotations of the tools count although no file lists the server as
    /// trusted. True by default: they are those of this server. Set it to false if tools come from
    /// elsewhere.
    ///
    /// ```
    /// # use mcp_server::layer::PolicyLayer;
    /// # use mcp_server::policy::Policy;
    /// // A gateway: what its tools say about themselves comes from other servers.
    /// let rules = "default = \"ask\"\n[[rule]]\nverdict = \"allow\"\nannotations = { read_only = true }";
    /// let layer = PolicyLayer::new(Policy::parse("policy.toml", rules)?).trust_annotations(false);
    /// # Ok::<(), mcp_server::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn trust_annotations(self, trust: bool) -> Self {
        let policy = ServerPolicy { trusts_annotations: trust, ..(*self.0).clone() };
        Self(Arc::new(policy))
    }
}

impl fmt::Debug for PolicyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLayer")
            .field("trusts_annotations", &self.0.trusts_annotations)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = PolicyService<S>;

    fn layer(&self, inner: S) -> PolicyService<S> {
        PolicyService { inner, policy: self.clone() }
    }
}

/// The service of [`PolicyLayer`].
#[derive(Debug, Clone)]
pub struct PolicyService<S> {
    inner: S,
    policy: PolicyLayer,
}

impl<S: Service> Service for PolicyService<S> {
    async fn call(&self, mut request: Request) -> Reply {
        // The router refuses a request without a context.
        if let Some(context) = Context::of(&request) {
            let policy = &self.policy.0;
            let decided = policy.decide(&context, &request)?;
            match decided.decision.verdict() {
                Verdict::Allow => {}
                Verdict::Deny => return Err(decided.refusal("is denied").into()),
                Verdict::Ask => {
                    // Boxed, because it is rare and would increase the size of every call's future.
                    let asking = Box::pin(decided.ask(&context, &request));
                    if let Some(question) = asking.await? {
                        return Ok(question);
                    }
                }
            }
            if has_filtered_result(&request.method) {
                let caller = Caller::of(&context, &request);
                let filter = ListPolicy { policy: Arc::clone(policy), context, caller };
                let outer = request.extensions.take();
                request.extensions.insert(RouteFilters::new(filter, outer));
            }
        }
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// Whether a result depends on what the caller may use.
fn has_filtered_result(method: &str) -> bool {
    matches!(
        method,
        ToolsList::NAME
            | PromptsList::NAME
            | ResourcesList::NAME
            | ResourceTemplatesList::NAME
            | ResourcesRead::NAME
    )
}

/// The caller, who may have been verified by a layer.
struct Caller(Option<Principal>);

impl Caller {
    fn of(context: &Context, request: &Request) -> Self {
        Self(request.extensions.get().or_else(|| context.principal()).cloned())
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.0.as_ref().is_some_and(|principal| principal.scopes().contains(scope))
    }
}

/// What was decided about a request.
struct Decided {
    decision: Decision,
    /// What the user is asked.
    question: String,
    /// What errors call the request.
    subject: String,
}

impl ServerPolicy {
    /// Decides about a request: the strictest decision, if it names several resources.
    fn decide(&self, context: &Context, request: &Request) -> Result<Decided, ErrorObject> {
        let requests = PolicyRequest::of(&request.method, &request.params)
            .map_err(ErrorObject::invalid_params)?;
        let caller = Caller::of(context, request);
        let has_scope = |scope: &str| caller.has_scope(scope);
        let registry = context.call().snapshot.downcast_ref::<Registry>();
        let mut strictest: Option<Decided> = None;
        for request in requests {
            let request = self.complete(request, context, &caller).scopes(&has_scope);
            let route = match request.subject() {
                Subject::Tool(name) => registry.and_then(|registry| registry.tools.get(name)),
                _ => None,
            };
            let request = request.annotations(route.and_then(|route| route.annotations()));
            let decision = self.engine.decide(&request);
            let verdict = decision.verdict();
            if strictest.as_ref().is_none_or(|before| verdict > before.decision.verdict()) {
                let question = match verdict {
                    Verdict::Ask => question(&request, &decision),
                    Verdict::Allow | Verdict::Deny => String::new(),
                };
                let subject = match verdict {
                    Verdict::Allow => String::new(),
                    Verdict::Ask | Verdict::Deny => subject(&request),
                };
                strictest = Some(Decided { decision, question, subject });
            }
        }
        strictest.ok_or_else(ErrorObject::internal)
    }

    fn complete<'a>(
        &'a self,
        request: PolicyRequest<'a>,
        context: &'a Context,
        caller: &'a Caller,
    ) -> PolicyRequest<'a> {
        request
            .server(&context.call().environment.server_name)
            .trusted(self.trusts_annotations)
            .principal(caller.0.as_ref().map(Principal::id))
    }
}

fn subject(request: &PolicyRequest<'_>) -> String {
    let name = request.subject().name().map(mcp_core::text::PeerText::new);
    match name {
        Some(name) => format!("{} of {name}", request.method()),
        None => request.method().to_owned(),
    }
}

impl Decided {
    fn refusal(&self, what: &str) -> ErrorObject {
        let Self { decision, subject, .. } = self;
        let message = format!("{subject} {what} by the policy: {}", decision.reason());
        let rule = decision.rule().map(ToString::to_string);
        let details = json!({ "reason": "denied_by_policy", "rule": rule });
        ErrorObject::new(code::INVALID_REQUEST, message)
            .with_data(&details)
            .with_kind(ErrorKind::Forbidden, &details)
    }

    /// Asks the user. Returns the question if it is the result of the call, and nothing if the user
    /// accepts.
    ///
    /// # Errors
    /// The refusal in all other cases.
    async fn ask(
        &self,
        context: &Context,
        request: &Request,
    ) -> Result<Option<JsonBytes>, CallError> {
        let row = method::find(&request.method);
        let name = row.map_or("", |row| row.name);
        let form = ElicitParams::form(&self.question, ElicitSchema::new());
        match ask_before(context, name, &request.params, QUESTION_KEY, form).await? {
            Approval::Asked(question) => Ok(Some(question)),
            Approval::Answered(ElicitAction::Accept) => Ok(None),
            Approval::Answered(ElicitAction::Decline) => {
                Err(self.refusal("was declined by the user, who was asked").into())
            }
            Approval::Answered(ElicitAction::Cancel) => {
                Err(self.refusal("was cancelled by the user, who was asked").into())
            }
            Approval::Failed(error) => {
                let what = format!("needs the approval of the user ({error}), who is asked");
                Err(self.refusal(&what).into())
            }
        }
    }
}

/// Selects what a caller sees in lists.
struct ListPolicy {
    policy: Arc<ServerPolicy>,
    context: Context,
    caller: Caller,
}

impl RouteFilter for ListPolicy {
    fn lists(&self, route: ListedRoute<'_>) -> bool {
        let request = match route {
            ListedRoute::Tool { name, annotations } => {
                PolicyRequest::tool(name).annotations(annotations)
            }
            ListedRoute::Prompt(name) => PolicyRequest::prompt(name),
            ListedRoute::Resource(uri) => PolicyRequest::resource(uri),
            ListedRoute::Template(template) => PolicyRequest::template(template),
        };
        let has_scope = |scope: &str| self.caller.has_scope(scope);
        let request = self.policy.complete(request, &self.context, &self.caller);
        self.policy.engine.is_listed(&request.scopes(&has_scope))
    }
}
