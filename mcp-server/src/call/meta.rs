//! The `_meta` of a request (spec: basic, per-request fields).
//!
//! The era follows from `_meta` alone, never from earlier messages: a message that names a protocol
//! version is modern, any other is legacy.

use crate::error::reason;
use crate::json_text::read_text;
use mcp_core::json::{MembersError, member_ranges};
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, Params};
use mcp_core::meta::{self, Meta};
use mcp_core::revision::{Era, Revision};
use mcp_core::telemetry::TraceContext;
use mcp_core::types::{ClientCapabilities, Implementation, LoggingLevel, ProgressToken};

/// The capabilities of a client that are read one by one if they do not decode together.
const CAPABILITIES: [&str; 6] =
    ["elicitation", "sampling", "roots", "experimental", "extensions", "tasks"];

/// The fields of a request's `_meta` that decide about every call. The others are read from the
/// parameters when they are needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallMeta {
    /// The protocol version that the request names.
    pub(crate) claim: Claim,
    /// The token for progress notifications. Without it, the caller does not want them.
    pub(crate) progress_token: Option<ProgressToken>,
    /// Whether the request has `clientCapabilities`.
    pub(crate) has_client_capabilities: bool,
    /// The minimum level of log messages. `None` if the caller wants none.
    pub(crate) log_level: Option<LoggingLevel>,
}

/// The protocol version that a request names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No version: a message of the legacy era.
    #[default]
    Absent,
    /// A version that this SDK knows.
    Known(Revision),
    /// A version that this SDK does not know.
    Unknown(Box<str>),
}

impl CallMeta {
    /// Decodes the `_meta` of a request's parameters.
    ///
    /// # Errors
    /// −32602 if a field is duplicated or of the wrong type.
    pub(crate) fn read(params: &Params) -> Result<Self, ErrorObject> {
        Self::read_members(params).map_err(malformed)
    }

    fn read_members(params: &Params) -> Result<Self, ErrorObject> {
        let meta = text(params)
            .map_err(|error| ErrorObject::invalid_params(format!("params: {error}")))?;
        let Some(meta) = meta else { return Ok(Self::default()) };
        let names = [
            meta::PROGRESS_TOKEN,
            meta::PROTOCOL_VERSION,
            meta::CLIENT_INFO,
            meta::CLIENT_CAPABILITIES,
            meta::LOG_LEVEL,
        ];
        let [progress_token, version, client_info, client_capabilities, log_level] = params
            .meta_members(meta, names)
            .map_err(|error| ErrorObject::invalid_params(format!("params._meta: {error}")))?;
        let claim = claimed_version(version)?;
        let progress_token = read(meta::PROGRESS_TOKEN, progress_token, serde_json::from_str)?;
        check_object(meta::CLIENT_INFO, client_info)?;
        let has_client_capabilities = check_capabilities(client_capabilities)?;
        let log_level = read(meta::LOG_LEVEL, log_level, serde_json::from_str)?;
        Ok(Self { claim, progress_token, has_client_capabilities, log_level })
    }

    /// Decodes the `_meta` of a request or notification that came in an array of messages.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and −32600 if the message names a protocol version: only a
    /// revision without such versions has arrays.
    pub(crate) fn read_batch_entry(params: &Params) -> Result<Self, ErrorObject> {
        let meta = Self::read(params)?;
        if meta.claim == Claim::Absent {
            return Ok(meta);
        }
        Err(ErrorObject::invalid_request(
            "a message that names its protocol version in _meta must not be part of a batch; send \
             it as a message of its own",
        ))
    }

    /// Returns the modern revision that the request names; `None` for a legacy message.
    ///
    /// # Errors
    /// In the order of the specification's checks: −32602 if a field that every modern request
    /// needs is missing, −32022 if the version is not in `offered` or not of the modern era.
    pub(crate) fn modern_revision(
        &self,
        offered: &[Revision],
    ) -> Result<Option<Revision>, ErrorObject> {
        if self.claim == Claim::Absent {
            return Ok(None);
        }
        if !self.has_client_capabilities {
            return Err(missing(meta::CLIENT_CAPABILITIES));
        }
        match &self.claim {
            Claim::Known(revision)
                if revision.era() == Era::Modern && offered.contains(revision) =>
            {
                Ok(Some(*revision))
            }
            Claim::Known(revision) => Err(unsupported(revision.as_str(), offered)),
            Claim::Unknown(name) => Err(unsupported(name, offered)),
            Claim::Absent => Ok(None),
        }
    }

    /// Returns the answer to a message that is not part of a session and names no protocol version.
    pub(crate) fn missing_version() -> ErrorObject {
        missing(meta::PROTOCOL_VERSION)
    }
}

/// Returns the text of `_meta`. `null` counts as absent.
fn text(params: &Params) -> Result<Option<&str>, MembersError> {
    let [meta] = params.member_texts(["_meta"])?;
    Ok(meta.filter(|meta| *meta != "null"))
}

/// Returns the `_meta` of a request.
pub(crate) fn whole(params: &Params) -> Option<Meta> {
    serde_json::from_str(text(params).ok()??).ok()
}

/// Returns the name and version that the client claims.
pub(crate) fn client_info(params: &Params) -> Option<Implementation> {
    serde_json::from_str(member(params, meta::CLIENT_INFO)?).ok()
}

/// Returns the trace that the client continues with the request.
pub(crate) fn trace_context(params: &Params) -> Option<TraceContext> {
    let names = [meta::TRACEPARENT, meta::TRACESTATE, meta::BAGGAGE];
    let members = params.meta_members(text(params).ok()??, names).ok()?;
    let [traceparent, tracestate, baggage] =
        members.map(|member| member.and_then(|member| read_text(member).ok()));
    TraceContext::new(traceparent.as_deref(), tracestate.as_deref(), baggage.as_deref())
}

/// Returns the capabilities that the client declares. A malformed capability is left out; the
/// others count.
pub(crate) fn client_capabilities(params: &Params) -> ClientCapabilities {
    let Some(json) = member(params, meta::CLIENT_CAPABILITIES) else {
        return ClientCapabilities::new();
    };
    serde_json::from_str(json).unwrap_or_else(|_| {
        let mut declared = ClientCapabilities::new();
        if let Ok(ranges) = member_ranges(json, CAPABILITIES) {
            let [elicitation, sampling, roots, experimental, extensions, tasks] =
                ranges.map(|range| json.get(range?));
            declared.elicitation = elicitation.and_then(|json| serde_json::from_str(json).ok());
            declared.sampling = sampling.and_then(|json| serde_json::from_str(json).ok());
            declared.roots = roots.and_then(|json| serde_json::from_str(json).ok());
            declared.experimental = experimental.and_then(|json| serde_json::from_str(json).ok());
            declared.extensions = extensions.and_then(|json| serde_json::from_str(json).ok());
            declared.tasks = tasks.and_then(|json| serde_json::from_str(json).ok());
        }
        declared
    })
}

/// Returns the digests that the client works with, as text.
pub(crate) fn known_digests(params: &Params) -> Option<&str> {
    member(params, meta::KNOWN_DIGESTS)
}

/// Returns a member of `_meta` that calls rarely need.
fn member<'a>(params: &'a Params, name: &'static str) -> Option<&'a str> {
    let [found] = params.meta_members(text(params).ok()??, [name]).ok()?;
    found.filter(|json| *json != "null")
}

fn claimed_version(json: Option<&str>) -> Result<Claim, ErrorObject> {
    let Some(name) = read(meta::PROTOCOL_VERSION, json, read_text)? else {
        return Ok(Claim::Absent);
    };
    Ok(match name.parse() {
        Ok(revision) => Claim::Known(revision),
        Err(_) => Claim::Unknown(name.chars().take(64).collect::<String>().into()),
    })
}

/// Checks that a value is an object. Returns false if it is absent or `null`.
fn check_object(key: &str, json: Option<&str>) -> Result<bool, ErrorObject> {
    match json {
        None | Some("null") => Ok(false),
        Some(json) if json.starts_with('{') => Ok(true),
        Some(_) => {
            Err(ErrorObject::invalid_params(format!("params._meta[\"{key}\"] must be an object")))
        }
    }
}

/// Checks `clientCapabilities` and that each capability is an object. A malformed capability is
/// refused instead of ignored: otherwise the call would fail later, because of a capability that
/// the client believes it declared. Returns false if there are none.
fn check_capabilities(json: Option<&str>) -> Result<bool, ErrorObject> {
    if !check_object(meta::CLIENT_CAPABILITIES, json)? {
        return Ok(false);
    }
    let Some(json) = json.filter(|json| *json != "{}") else { return Ok(true) };
    let path = format_args!("params._meta[\"{}\"]", meta::CLIENT_CAPABILITIES);
    let ranges = member_ranges(json, CAPABILITIES)
        .map_err(|error| ErrorObject::invalid_params(format!("{path}: {error}")))?;
    for (name, range) in CAPABILITIES.into_iter().zip(ranges) {
        let value = range.and_then(|range| json.get(range));
        if !value.is_none_or(|value| value.starts_with('{') || value == "null") {
            return Err(ErrorObject::invalid_params(format!("{path}.{name} must be an object")));
        }
    }
    Ok(true)
}

/// Reads the value of a member, if it is present. `null` counts as absent.
fn read<'a, T>(
    key: &str,
    json: Option<&'a str>,
    read: impl FnOnce(&'a str) -> Result<T, serde_json::Error>,
) -> Result<Option<T>, ErrorObject> {
    let json = json.filter(|json| *json != "null");
    json.map(read).transpose().map_err(|error| {
        ErrorObject::invalid_params(format!("params._meta[\"{key}\"]: {}", reason(&error)))
    })
}

/// States that the error is about `_meta`, not about the parameters of the method.
#[cold]
fn malformed(error: ErrorObject) -> ErrorObject {
    error.with_kind(ErrorKind::MalformedParams, &())
}

#[cold]
fn missing(key: &str) -> ErrorObject {
    malformed(ErrorObject::invalid_params(format!(
        "params._meta[\"{key}\"] is required (or an initialize request, for revisions up to {})",
        Revision::LATEST_LEGACY
    )))
}

#[cold]
fn unsupported(requested: &str, offered: &[Revision]) -> ErrorObject {
    let modern: Vec<_> = (offered.iter().filter(|revision| revision.era() == Era::Modern))
        .map(|revision| revision.as_str())
        .collect();
    ErrorObject::unsupported_version(requested, &modern)
}
