//! The rules that a route must follow to be registered.

use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::ToolRoute;

/// Maximum length of a tool name, in characters (TOOL-7).
const MAX_TOOL_NAME_CHARS: usize = 128;

/// Checks a tool: a name of 1 to 128 characters `A–Z a–z 0–9 _ . -` (TOOL-7), an object as input
/// schema (TOOL-4), and valid header annotations (HDR-11 to HDR-13).
pub(crate) fn check_tool(route: &ToolRoute) -> Result<(), BuildError> {
    let name = route.name();
    let invalid =
        |reason: String| Err(BuildError::Invalid { kind: "tool", name: name.to_owned(), reason });
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !(1..=MAX_TOOL_NAME_CHARS).contains(&name.len()) || !name.bytes().all(is_allowed) {
        return invalid(
            "a name consists of 1 to 128 of the characters A-Z a-z 0-9 _ - .".to_owned(),
        );
    }
    match &route.headers {
        Err(reason) => invalid(reason.clone()),
        // A schema may allow any argument.
        Ok(_) => route.scopes.check(|_| true).or_else(invalid),
    }
}

/// Checks a prompt: its name is not empty.
pub(crate) fn check_prompt(route: &PromptRoute) -> Result<(), BuildError> {
    let name = route.prompt.name.clone();
    if name.is_empty() {
        let reason = "the name is empty".to_owned();
        return Err(BuildError::Invalid { kind: "prompt", name, reason });
    }
    let arguments = route.prompt.arguments.iter().flatten();
    let has_argument = |name: &str| arguments.clone().any(|argument| argument.name == name);
    let checked = route.scopes.check(has_argument);
    checked.map_err(|reason| BuildError::Invalid { kind: "prompt", name, reason })
}

/// Checks a resource: a URI with a scheme, or a valid URI template.
pub(crate) fn check_resource(route: &ResourceRoute) -> Result<(), BuildError> {
    let name = route.uri().to_owned();
    let invalid =
        |name, reason: String| Err(BuildError::Invalid { kind: "resource", name, reason });
    if !has_scheme(&name) {
        let reason = "a URI starts with a scheme, such as \"note://\" (RFC 3986)";
        return invalid(name, reason.to_owned());
    }
    match &route.kind {
        ResourceKind::Template { template: Err(error), .. } => invalid(name, error.to_string()),
        ResourceKind::Template { template: Ok(template), .. } => {
            let is_variable = |name: &str| template.variables().any(|variable| variable == name);
            route.scopes.check(is_variable).or_else(|reason| invalid(name, reason))
        }
        ResourceKind::Resource(_) => {
            route.scopes.check(|_| false).or_else(|reason| invalid(name, reason))
        }
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
