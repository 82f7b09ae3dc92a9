//! Records calls in an audit log.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use mcp_core::json::member_ranges;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::method::{
    self, Method as _, PromptsGet, ResourcesRead, TasksCancel, TasksGet, TasksUpdate, ToolsCall,
    task_2025,
};
use mcp_core::service::{CallError, Notification, Reply, Request, Service};
use mcp_core::sync::Mutex;
use serde_json::{Value, json};
use tower_layer::Layer;

use super::caller::principal;
use super::result_kind::ResultKind;
use super::target::{text_member, tool_name};
use crate::audit::{Arguments, AuditError, AuditEvent, AuditLog, Outcome};
use crate::auth::Principal;
use crate::context::Context;

/// Maximum number of notes of one call. Fixed: a record has a fixed length, and inner layers write
/// a few.
const MAX_NOTES: usize = 16;

/// Records each call in an [`AuditLog`]: who called what, with which arguments, and what became of
/// it. Add it as the outermost layer, so that refusals by other layers are recorded too.
///
/// | request | `event_type` | recorded |
/// |---|---|---|
/// | `tools/call` | `tool_call` | always |
/// | `prompts/get` | `prompt_get` | always |
/// | `resources/read` | `resource_read` | always |
/// | `tasks/update`, `tasks/cancel`, `tasks/result` | `task` | always |
/// | `tasks/get` | `task` | if the answer has the outcome of the task, or it is refused |
/// | any other | `request` | if it is refused |
///
/// The outcome follows from the answer:
///
/// | answer | `outcome` |
/// |---|---|
/// | a result, also that a task was begun (`"result": "task"`) | `allowed` |
/// | a result that asks for input | `deferred` |
/// | an error for a rule, a scope or a rate limit, or [`AuditNotes::deny`] was called | `denied` |
/// | any other error, a result with `isError`, a cancellation, a panic | `error` |
///
/// The extension `mcp-server` of the record has `method`, `request_id`, `revision`, `duration_ms`,
/// `client_id` of the principal, the member of the parameters that names the prompt, resource or
/// task, the digest of the [arguments](crate::audit::Arguments), `code` of an error, over HTTP the
/// `address` of the peer, and the [notes](AuditNotes) of inner layers.
///
/// A request that is refused before any layer runs does not arrive here: one with a bad token or
/// without the scopes that its route needs, and a malformed one.
///
/// While the log cannot be written, [`OnFailure`](crate::audit::OnFailure) decides whether calls go
/// on.
///
/// ```no_run
/// use mcp_server::Server;
/// use mcp_server::audit::AuditLog;
/// use mcp_server::layer::{AuditLayer, LayerExt as _};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let log = AuditLog::builder().open("audit.jsonl")?;
/// let all = Server::builder("payroll", "1.0.0").layer(AuditLayer::new(log.clone()));
/// // Or one tool only, also before it begins.
/// let some = Server::builder("payroll", "1.0.0")
///     .layer(AuditLayer::new(log).records_begin(true).for_tools(["pay"]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AuditLayer {
    log: AuditLog,
    records_begin: bool,
}

impl AuditLayer {
    /// Creates a layer that records calls in a log.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::audit::AuditLog;
    /// use mcp_server::layer::AuditLayer;
    ///
    /// let log = AuditLog::builder().open_tracing()?; // Records go where the program logs.
    /// let server = Server::builder("payroll", "1.0.0").layer(AuditLayer::new(log));
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    #[must_use]
    pub fn new(log: AuditLog) -> Self {
        Self { log, records_begin: false }
    }

    /// Also records that a call begins, before anything of it happens: with the outcome `deferred`
    /// and `"phase": "begin"`. Then a crash leaves a trace of the calls that it has interrupted.
    /// Default: false.
    ///
    /// ```
    /// # use mcp_server::audit::AuditLog;
    /// # use mcp_server::layer::AuditLayer;
    /// # let log = AuditLog::builder().open_tracing()?;
    /// // A payment that a crash interrupted has a record with `"phase": "begin"` and none after it.
    /// let layer = AuditLayer::new(log).records_begin(true);
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    #[must_use]
    pub fn records_begin(mut self, records_begin: bool) -> Self {
        self.records_begin = records_begin;
        self
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = Audit<S>;

    fn layer(&self, inner: S) -> Audit<S> {
        Audit { inner, layer: self.clone() }
    }
}

/// What inner layers and handlers add to the record of their call.
///
/// ```
/// use mcp_server::layer::AuditNotes;
/// use mcp_server::service::Request;
///
/// /// In a layer that decides about calls, inside of `AuditLayer`.
/// fn refuse(request: &Request, rule: &str) {
///     if let Some(notes) = request.extensions.get::<AuditNotes>() {
///         notes.add("policy_rule", rule);
///         notes.deny();
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct AuditNotes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    details: Vec<(String, String)>,
    is_denied: bool,
}

impl AuditNotes {
    /// Adds a member to the extension `mcp-server` of the record. A later note replaces one with
    /// the same name; of more than 16 the further ones are dropped.
    ///
    /// ```
    /// use mcp_server::layer::AuditNotes;
    /// use mcp_server::{Context, tool};
    ///
    /// /// Pay a bill.
    /// #[tool]
    /// async fn pay(bill: u64, ctx: &Context) -> String {
    ///     if let Some(notes) = ctx.extensions().get::<AuditNotes>() {
    ///         notes.add("approved_by", "grace"); // In the record of this call.
    ///     }
    ///     format!("paid bill {bill}")
    /// }
    /// ```
    pub fn add(&self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        let details = &mut self.0.lock().details;
        let is_full = details.len() >= MAX_NOTES;
        match details.iter_mut().find(|(other, _)| *other == name) {
            Some((_, noted)) => *noted = value,
            None if is_full => {}
            None => details.push((name, value)),
        }
    }

    /// Makes the outcome of the record `denied`, whatever the answer is.
    ///
    /// ```
    /// use mcp_server::layer::AuditNotes;
    /// use mcp_server::{Context, tool};
    ///
    /// /// Pay a bill.
    /// #[tool]
    /// async fn pay(amount: u64, ctx: &Context) -> Result<String, &'static str> {
    ///     if amount > 1_000 {
    ///         // A result with `isError` would be recorded as an error of the tool.
    ///         if let Some(notes) = ctx.extensions().get::<AuditNotes>() {
    ///             notes.deny();
    ///         }
    ///         return Err("payments over 1,000 need a second person");
    ///     }
    ///     Ok(format!("paid {amount}"))
    /// }
    /// ```
    pub fn deny(&self) {
        self.0.lock().is_denied = true;
    }
}

impl fmt::Debug for AuditNotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().fmt(f)
    }
}

/// The service of [`AuditLayer`].
#[derive(Debug, Clone)]
pub struct Audit<S> {
    inner: S,
    layer: AuditLayer,
}

impl<S: Service> Service for Audit<S> {
    async fn call(&self, mut request: Request) -> Reply {
        let AuditLayer { log, records_begin } = &self.layer;
        let class = Class::of(&request.method);
        if class.is_recorded() {
            log.ready().map_err(|error| unrecorded(&error, NOT_BEGUN))?;
        }
        let notes = AuditNotes::default();
        let mut event = class.event();
        if class.is_recorded() {
            describe(&mut event, &request, log);
        }
        if *records_begin && class.is_recorded() {
            let mut begin = event.clone();
            begin.set_outcome(Outcome::Deferred);
            begin.set_detail("phase", "begin");
            keep(log, begin, NOT_BEGUN).await?;
        }
        let seen = (!class.is_recorded()).then(|| request.clone());
        request.extensions.insert(notes.clone());
        let mut open = OpenCall { log, class, event: Some(event), notes, started: Instant::now() };
        let reply = self.inner.call(request).await;
        let Some(mut event) = open.end(&reply) else { return reply };
        if let Some(request) = seen {
            describe(&mut event, &request, log);
        }
        keep(log, event, ENDED).await?;
        reply
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// Which requests are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Call(&'static str),
    /// Recorded if the answer has the outcome of a task.
    TaskGet,
    /// Recorded if it is refused.
    Other,
}

impl Class {
    fn of(method: &str) -> Self {
        match method {
            ToolsCall::NAME => Self::Call(AuditEvent::TOOL_CALL),
            PromptsGet::NAME => Self::Call(AuditEvent::PROMPT_GET),
            ResourcesRead::NAME => Self::Call(AuditEvent::RESOURCE_READ),
            TasksUpdate::NAME | TasksCancel::NAME | task_2025::TasksResult::NAME => {
                Self::Call(AuditEvent::TASK)
            }
            TasksGet::NAME => Self::TaskGet,
            _ => Self::Other,
        }
    }

    /// Whether a record may be written however the request ends.
    fn is_recorded(self) -> bool {
        matches!(self, Self::Call(_))
    }

    fn event(self) -> AuditEvent {
        let event_type = match self {
            Self::Call(event_type) => event_type,
            Self::TaskGet => AuditEvent::TASK,
            Self::Other => AuditEvent::REQUEST,
        };
        AuditEvent::new(event_type, Outcome::Error)
    }

    fn records(self, outcome: Outcome, reply: &Reply) -> bool {
        match (self, reply) {
            (Self::Call(_), _) => true,
            (Self::TaskGet, Ok(result)) => {
                let outcome = member_ranges(result.as_str(), ["result", "error"]);
                outcome.is_ok_and(|members| members.iter().any(Option::is_some))
            }
            _ => outcome == Outcome::Denied,
        }
    }
}

/// A call that has not ended. If it is dropped, it was cancelled, or has panicked.
struct OpenCall<'a> {
    log: &'a AuditLog,
    class: Class,
    event: Option<AuditEvent>,
    notes: AuditNotes,
    started: Instant,
}

impl OpenCall<'_> {
    /// Returns what is to be recorded of a call that was answered.
    fn end(&mut self, reply: &Reply) -> Option<AuditEvent> {
        let mut event = self.event.take()?;
        let mut outcome = judge(&mut event, reply);
        let is_denied = self.annotate(&mut event);
        if is_denied {
            outcome = Outcome::Denied;
        }
        event.set_outcome(outcome);
        self.class.records(outcome, reply).then_some(event)
    }

    /// Adds the duration and the notes. Returns whether a note says that the call was denied.
    fn annotate(&self, event: &mut AuditEvent) -> bool {
        let micros = self.started.elapsed().as_micros();
        event.set_detail("duration_ms", format!("{}.{:03}", micros / 1_000, micros % 1_000));
        let notes = std::mem::take(&mut *self.notes.0.lock());
        for (name, value) in notes.details {
            event.set_detail(name, value);
        }
        notes.is_denied
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if let Some(mut event) = self.event.take()
            && self.class.is_recorded()
        {
            let end = if std::thread::panicking() { "panicked" } else { "cancelled" };
            event.set_detail("end", end);
            self.annotate(&mut event);
            self.log.record_now(event);
        }
    }
}

/// Returns the outcome that an answer means, and describes it.
fn judge(event: &mut AuditEvent, reply: &Reply) -> Outcome {
    match reply {
        Ok(result) => match ResultKind::of(result) {
            ResultKind::InputRequired => Outcome::Deferred,
            ResultKind::Failed => Outcome::Error,
            ResultKind::Task => {
                event.set_detail("result", "task");
                Outcome::Allowed
            }
            ResultKind::Complete | ResultKind::Other => Outcome::Allowed,
        },
        Err(CallError::Peer(error)) => {
            event.set_detail("code", error.code());
            match error.kind() {
                ErrorKind::Forbidden
                | ErrorKind::InsufficientScope
                | ErrorKind::RateLimited
                | ErrorKind::OverQuota => Outcome::Denied,
                _ => Outcome::Error,
            }
        }
        Err(_) => Outcome::Error,
    }
}

/// Describes a request.
fn describe(event: &mut AuditEvent, request: &Request, log: &AuditLog) {
    let context = Context::of(request);
    let principal = principal(request);
    event.set_caller(principal.as_ref());
    if let Some(client) = principal.as_ref().and_then(Principal::client) {
        event.set_detail("client_id", client);
    }
    event.set_tool(tool_name(request).map(Into::into));
    event.set_detail("method", &*request.method);
    event.set_detail("request_id", request.id.to_string());
    if let Some(context) = &context {
        event.set_detail("revision", context.revision().as_str());
        #[cfg(feature = "http")]
        if let Some(peer) = context.peer_address() {
            event.set_detail("address", peer.to_string());
        }
    }
    let row = method::find(&request.method);
    if let Some(member) = row.and_then(|row| row.name_param)
        && request.method != ToolsCall::NAME
        && let Some(name) = text_member(request, member)
    {
        event.set_detail(member, &*name);
    }
    if *log.arguments() != Arguments::Omitted
        && let Ok([Some(arguments)]) = request.params.member_texts(["arguments"])
        && let Ok(arguments) = serde_json::from_str::<Value>(arguments)
        && let Some((name, value)) = log.arguments().detail(&arguments)
    {
        event.set_detail(name, value);
    }
}

/// Records an event, if the call may not go on without.
///
/// # Errors
/// The error to answer the call with.
async fn keep(log: &AuditLog, event: AuditEvent, phase: &'static str) -> Result<(), CallError> {
    match log.record(event).await {
        Err(error) if log.refuses_calls() => Err(unrecorded(&error, phase)),
        // A record that is not kept is counted.
        _ => Ok(()),
    }
}

/// Returns the error for a call that is not recorded.
#[cold]
fn unrecorded(error: &AuditError, phase: &'static str) -> CallError {
    tracing::error!(%error, "{phase} and is not recorded, so it is answered with an error");
    let message = format!("{phase} and cannot be recorded; try again later");
    let details = json!({ "reason": "audit_unavailable" });
    let error = ErrorObject::new(code::INTERNAL_ERROR, message);
    error.with_kind(ErrorKind::Unavailable, &details).into()
}

const NOT_BEGUN: &str = "the call has not begun";
const ENDED: &str = "the call has ended";
