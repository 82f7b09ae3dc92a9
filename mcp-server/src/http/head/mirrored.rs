//! Header fields against body: those of a modern request must repeat what its body says, or a proxy
//! may have acted on another call than the one that is made (HTTP-9, HDR-1 to HDR-16, THREAT-4).

use http::{HeaderMap, HeaderName};
use mcp_core::http::{decode_value, param_matches};
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, Params, code};
use mcp_core::method::{Method as _, Methods, ToolsCall};

use super::fields::{Field, Fields};
use crate::call::Claim;
use crate::json_text::read_text;
use crate::registry::Registry;

/// What the body says about a request.
pub(in crate::http) struct Said<'a> {
    pub(in crate::http) method: &'a str,
    pub(in crate::http) params: &'a Params,
    pub(in crate::http) claim: &'a Claim,
}

/// Compares the headers of a request with its body.
///
/// # Errors
/// −32020, with the header that is missing or differs; −32602 when a parameter is doubled.
pub(in crate::http) fn check_request(
    fields: &Fields<'_>,
    headers: &HeaderMap,
    said: &Said<'_>,
    methods: &Methods,
    registry: &Registry,
) -> Result<(), ErrorObject> {
    let version = once(fields.protocol_version, "mcp-protocol-version")?
        .ok_or_else(|| missing("MCP-Protocol-Version"))?;
    check_version(version, said.claim)?;
    let method = once(fields.method, "mcp-method")?.ok_or_else(|| missing("Mcp-Method"))?;
    if method != said.method.as_bytes() {
        return Err(mismatch("Mcp-Method", "the body has another method"));
    }
    let name = once(fields.name, "mcp-name")?;
    let Some(mirrored) = methods.find(said.method).and_then(|row| row.name_param) else {
        return Ok(());
    };
    let [named, arguments] =
        (said.params.member_texts([mirrored, "arguments"])).map_err(|error| {
            ErrorObject::invalid_params(error.to_string())
                .with_kind(ErrorKind::MalformedParams, &())
        })?;
    // Without a header, the router answers a name that is not a string.
    let named = named.and_then(|json| read_text(json).ok());
    check_name(name, named.as_deref())?;
    match named {
        Some(name) if said.method == ToolsCall::NAME => {
            check_params(headers, &name, arguments, registry)
        }
        _ => Ok(()),
    }
}

/// Compares the headers of a notification with its body, as far as they are there (TRAP-23).
///
/// # Errors
/// −32020.
pub(in crate::http) fn check_notification(
    fields: &Fields<'_>,
    said: &Said<'_>,
) -> Result<(), ErrorObject> {
    let version = once(fields.protocol_version, "mcp-protocol-version")?;
    if let (Some(version), false) = (version, *said.claim == Claim::Absent) {
        check_version(version, said.claim)?;
    }
    match once(fields.method, "mcp-method")? {
        Some(method) if method != said.method.as_bytes() => {
            Err(mismatch("Mcp-Method", "the body has another method"))
        }
        _ => Ok(()),
    }
}

fn check_version(header: &[u8], claim: &Claim) -> Result<(), ErrorObject> {
    let said = match claim {
        Claim::Absent => "",
        Claim::Known(revision) => revision.as_str(),
        Claim::Unknown(name) => name,
    };
    if header == said.as_bytes() {
        return Ok(());
    }
    Err(mismatch("MCP-Protocol-Version", "_meta has another protocol version"))
}

fn check_name(header: Option<&[u8]>, body: Option<&str>) -> Result<(), ErrorObject> {
    match (header, body) {
        (None, None) => Ok(()), // The router answers what is missing.
        (None, Some(_)) => Err(missing("Mcp-Name")),
        (Some(_), None) => Err(mismatch("Mcp-Name", "the body has no name that is a string")),
        (Some(header), Some(body)) => match decode_value(header) {
            Err(bad) => Err(mismatch("Mcp-Name", &bad.to_string())),
            Ok(name) if name == body => Ok(()),
            Ok(_) => Err(mismatch("Mcp-Name", "the body has another name")),
        },
    }
}

/// Checks the header fields that the tool's schema asks for. Others mean nothing here.
fn check_params(
    headers: &HeaderMap,
    tool: &str,
    arguments: Option<&str>,
    registry: &Registry,
) -> Result<(), ErrorObject> {
    let Some(route) = registry.tools.get(tool) else { return Ok(()) };
    let Ok(mirrored) = &route.headers else { return Ok(()) };
    if mirrored.is_empty() {
        return Ok(());
    }
    let arguments = match arguments {
        Some(json) => {
            serde_json::from_str(json).map_err(|error| crate::error::invalid_params(&error))?
        }
        None => serde_json::Value::Null,
    };
    for param in mirrored {
        let name = param.name.as_str();
        let argument =
            param.find(&arguments).map_err(|hidden| mismatch(name, &hidden.to_string()))?;
        match (single(headers, &param.name)?, argument) {
            (None, None) => {}
            (None, Some(_)) => return Err(missing(name)),
            (Some(_), None) => return Err(mismatch(name, "the body has no such argument")),
            (Some(header), Some(argument)) => match decode_value(header) {
                Err(bad) => return Err(mismatch(name, &bad.to_string())),
                Ok(value) if param_matches(argument, &value) => {}
                Ok(_) => return Err(mismatch(name, "the body has another value")),
            },
        }
    }
    Ok(())
}

/// The value of a field, without white space around it. A field may not be repeated.
fn once<'a>(field: Field<'a>, name: &str) -> Result<Option<&'a [u8]>, ErrorObject> {
    match field {
        Field::Absent => Ok(None),
        Field::Once(value) => Ok(Some(value.as_bytes().trim_ascii())),
        Field::Repeated(_) => Err(mismatch(name, "the header is repeated")),
    }
}

/// The same for a field of any name.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, ErrorObject> {
    let mut values = headers.get_all(name).iter();
    let field = match (values.next(), values.next()) {
        (None, _) => Field::Absent,
        (Some(value), None) => Field::Once(value),
        (Some(first), Some(_)) => Field::Repeated(first),
    };
    once(field, name.as_str())
}

#[cold]
fn missing(header: &str) -> ErrorObject {
    ErrorObject::new(code::HEADER_MISMATCH, format!("the header {header} is required"))
}

#[cold]
fn mismatch(header: &str, reason: &str) -> ErrorObject {
    ErrorObject::new(code::HEADER_MISMATCH, format!("the header {header} does not match: {reason}"))
}
