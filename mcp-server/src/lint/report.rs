//! The findings of a server.

use super::finding::{Finding, Problem};
use super::walk::problems;
use crate::registry::Registry;
use crate::tool::ToolRoute;

/// Maximum length of a tool name that hosts do not cut, in characters. Fixed: hosts allow 64, and
/// add the name of the server.
const MAX_PORTABLE_NAME_CHARS: usize = 40;

/// Maximum number of findings that are logged when a server is built. Fixed: `Server::lint` returns
/// all.
const MAX_LOGGED_FINDINGS: usize = 16;

/// Returns the findings about all tools.
pub(crate) fn findings(registry: &Registry) -> Vec<Finding> {
    registry.tools.iter().flat_map(|tool| findings_about(tool)).collect()
}

/// Logs a warning for each finding. Schemas are not derived if no warnings are logged.
pub(crate) fn log(server: &str, registry: &Registry) {
    if !tracing::enabled!(tracing::Level::WARN) {
        return;
    }
    let found = findings(registry);
    for finding in found.iter().take(MAX_LOGGED_FINDINGS) {
        tracing::warn!(server, "{finding}");
    }
    let more = found.len().saturating_sub(MAX_LOGGED_FINDINGS);
    if more > 0 {
        tracing::warn!(server, "{more} more findings about tools; Server::lint returns all");
    }
}

fn findings_about(tool: &ToolRoute) -> Vec<Finding> {
    let finding = |pointer: Option<String>, problem: Problem| Finding {
        tool: tool.name().to_owned(),
        pointer,
        problem,
    };
    let mut found = Vec::new();
    let chars = tool.name().chars().count();
    if chars > MAX_PORTABLE_NAME_CHARS {
        found.push(finding(None, Problem::LongName { chars }));
    }
    if tool.name().contains('.') {
        found.push(finding(None, Problem::DottedName));
    }
    let schema = tool.listed_input().as_value();
    let problems = problems(&schema).into_iter();
    found.extend(problems.map(|(pointer, problem)| finding(Some(pointer), problem)));
    found
}
