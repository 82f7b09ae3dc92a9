//! What is recorded.

use std::borrow::Cow;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::auth::Principal;

/// Room for the details that a call has, and a few notes.
const USUAL_DETAILS: usize = 8;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was permitted, and went ahead. The call of a task counts as such when the task begins.
    Allowed,
    /// It was refused.
    Denied,
    /// It waits for a further decision, such as an answer of the user.
    Deferred,
    /// It failed, or its end is unknown.
    Error,
}

impl Outcome {
    /// Returns the value of the member `outcome`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Deferred => "deferred",
            Self::Error => "error",
        }
    }

    /// Returns the outcome of a record.
    pub(super) fn of(text: &str) -> Option<Self> {
        let all = [Self::Allowed, Self::Denied, Self::Deferred, Self::Error];
        all.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// An event to record. The log adds the id and the hashes.
///
/// ```
/// use mcp_server::audit::{AuditEvent, AuditLog, Outcome};
///
/// # async fn refuse(log: &AuditLog) -> Result<(), mcp_server::audit::AuditError> {
/// let event = AuditEvent::new(AuditEvent::AUTHORIZATION, Outcome::Denied)
///     .detail("status", 401)
///     .detail("reason", "the token has expired");
/// log.record(event).await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AuditEvent {
    pub(super) occurred_at: SystemTime,
    pub(super) author: Author,
    pub(super) event_type: String,
    pub(super) tool: Option<String>,
    pub(super) outcome: Outcome,
    /// The extension `mcp-server`.
    pub(super) details: Vec<(Cow<'static, str>, Value)>,
    pub(super) extensions: Map<String, Value>,
}

/// Who an event is attributed to.
#[derive(Debug, Clone)]
pub(super) enum Author {
    Anonymous,
    Principal(String),
    Server,
}

impl AuditEvent {
    /// A call of a tool.
    pub const TOOL_CALL: &str = "tool_call";
    /// A prompt was read.
    pub const PROMPT_GET: &str = "prompt_get";
    /// A resource was read.
    pub const RESOURCE_READ: &str = "resource_read";
    /// The outcome of a task was read, or a task was answered or cancelled.
    pub const TASK: &str = "task";
    /// Another request, which was refused.
    pub const REQUEST: &str = "request";
    /// A decision about a caller, such as a refused token.
    pub const AUTHORIZATION: &str = "authorization";
    /// The log was opened. `torn_bytes` and `torn_digest` say what an interrupted write left before
    /// this record.
    pub const AUDIT_OPENED: &str = "audit_opened";
    /// As many records as `lost_records` says could not be kept.
    pub const RECORDS_LOST: &str = "records_lost";

    /// Creates an event that happens now, by an unknown caller. `event_type` is one of the
    /// constants, or a name of your own in lower case with underscores.
    #[must_use]
    pub fn new(event_type: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            occurred_at: SystemTime::now(),
            author: Author::Anonymous,
            event_type: event_type.into(),
            tool: None,
            outcome,
            details: Vec::with_capacity(USUAL_DETAILS),
            extensions: Map::new(),
        }
    }

    /// Creates a record of the log about itself.
    pub(super) fn of_server(event_type: &str, outcome: Outcome) -> Self {
        Self { author: Author::Server, ..Self::new(event_type, outcome) }
    }

    /// Sets the verified caller. Without it, `principal_id` is `anonymous`, and the extension
    /// `mcp-server` says `"authenticated": false`.
    #[must_use]
    pub fn principal(mut self, principal: &Principal) -> Self {
        self.set_caller(Some(principal));
        self
    }

    /// Sets the tool.
    #[must_use]
    pub fn tool(mut self, name: impl Into<String>) -> Self {
        self.tool = Some(name.into());
        self
    }

    /// Adds a member to the extension `mcp-server`. A number is recorded as text.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set_detail(name.into(), value);
        self
    }

    /// Adds an extension of another registration, such as `caller-governance` of the draft. Numbers
    /// are recorded as text, and values that are nested more than 8 levels deep as canonical JSON.
    #[must_use]
    pub fn extension(mut self, type_id: impl Into<String>, data: Map<String, Value>) -> Self {
        self.extensions.insert(type_id.into(), Value::Object(data));
        self
    }

    pub(crate) fn set_caller(&mut self, principal: Option<&Principal>) {
        self.author = match principal {
            Some(principal) => Author::Principal(principal.id().to_owned()),
            None => Author::Anonymous,
        };
    }

    pub(crate) fn set_tool(&mut self, name: Option<String>) {
        self.tool = name;
    }

    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    pub(crate) fn set_detail(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    ) {
        let (name, value) = (name.into(), value.into());
        match self.details.iter_mut().find(|(other, _)| *other == name) {
            Some((_, former)) => *former = value,
            None => self.details.push((name, value)),
        }
    }
}
