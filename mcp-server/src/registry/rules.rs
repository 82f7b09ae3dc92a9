//! What a route must be like to be registered.

use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::ToolRoute;

/// Longest name of a tool, in characters (TOOL-7).
const MAX_TOOL_NAME_CHARS: usize = 128;

/// A name of 1 to 128 characters `A–Z a–z 0–9 _ . -` (TOOL-7), an object as input schema (TOOL-4),
/// and annotations for headers that follow their rules (HDR-11 to HDR-13).
pub(crate) fn check_tool(route: &ToolRoute) -> Result<(), BuildError> {
    let name = &route.tool.name;
    let invalid =
        |reason: String| Err(BuildError::Invalid { kind: "tool", name: name.clone(), reason });
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !(1..=MAX_TOOL_NAME_CHARS).contains(&name.len()) || !name.bytes().all(fits) {
        return invalid("a name has 1 to 128 characters out of A-Z a-z 0-9 _ - .".to_owned());
    }
    let root = route.tool.input_schema.as_value();
    if root.get("type").is_none_or(|root| root != "object") {
        let reason =
            "the root of its input schema must have \"type\": \"object\"; take a struct or a map";
        return invalid(reason.to_owned());
    }
    match &route.headers {
        Err(mistake) => invalid(format!("its input schema: {mistake}")),
        Ok(_) => Ok(()),
    }
}

/// A name.
pub(crate) fn check_prompt(route: &PromptRoute) -> Result<(), BuildError> {
    let name = route.prompt.name.clone();
    if name.is_empty() {
        let reason = "the name is empty".to_owned();
        return Err(BuildError::Invalid { kind: "prompt", name, reason });
    }
    Ok(())
}

/// A URI with a scheme, or a template that can be matched.
pub(crate) fn check_resource(route: &ResourceRoute) -> Result<(), BuildError> {
    let name = route.uri().to_owned();
    let invalid =
        |name, reason: String| Err(BuildError::Invalid { kind: "resource", name, reason });
    if !has_scheme(&name) {
        let reason = "a URI begins with a scheme, such as \"note://\" (RFC 3986)";
        return invalid(name, reason.to_owned());
    }
    match &route.kind {
        ResourceKind::Template { template: Err(error), .. } => invalid(name, error.to_string()),
        ResourceKind::Template { .. } | ResourceKind::Resource(_) => Ok(()),
    }
}

fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}
