//! Whether a result is final, or asks for input.

use std::borrow::Cow;
use std::sync::LazyLock;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::MethodName;
use mcp_core::method::{self, Method as _, ToolsCall};
use mcp_core::text::PeerText;
use mcp_core::types::InputRequiredResult;
use memchr::memmem::Finder;

use crate::client::{Client, ResultHandler};
use crate::error::Error;

/// The methods that a server may answer with a task.
const METHODS_WITH_TASKS: [&str; 1] = [ToolsCall::NAME];

/// The answer to one request.
pub(crate) enum Round {
    Complete(JsonBytes),
    InputRequired(Box<InputRequiredResult>),
    /// The request runs as a task.
    Task(JsonBytes),
    /// A result of a type that an extension defines.
    Extended(ResultHandler, JsonBytes),
}

/// Tells a final result from one that asks for input, and refuses all others.
pub(super) fn read(
    client: &Client,
    method: &MethodName,
    answer: JsonBytes,
) -> Result<Round, Error> {
    let (revision, max_questions) = (client.revision(), client.limits().max_input_questions);
    let bytes = answer.as_bytes();
    let invalid = |reason: String| Err(Error::invalid_answer(method.clone(), reason, bytes));
    let kind = result_type(method, &answer)?;
    match kind.as_deref() {
        Some("complete") => Ok(Round::Complete(answer)),
        // Earlier revisions have no kinds. Without one, only the required member distinguishes the
        // result of a tool from something else, such as the handle of a task.
        None if method == ToolsCall::NAME && !has_content(&answer) => {
            invalid("the result of a tool has no content".to_owned())
        }
        None => Ok(Round::Complete(answer)),
        Some("input_required") if !revision.rules().input_required => {
            invalid(format!("revision {revision} has no resultType \"input_required\""))
        }
        Some("input_required") if may_require_input(method) => {
            let asked: InputRequiredResult =
                answer.parse().map_err(|error| Error::decode(method.clone(), error, bytes))?;
            if asked.input_requests.is_none() && asked.request_state.is_none() {
                return invalid(
                    "it requires input and has neither inputRequests nor requestState".to_owned(),
                );
            }
            let questions = asked.input_requests.as_ref().map_or(0, |requests| requests.len());
            if questions > max_questions {
                return invalid(format!(
                    "it asks {questions} questions, more than {max_questions} \
                     (Limits::max_input_questions)"
                ));
            }
            Ok(Round::InputRequired(Box::new(asked)))
        }
        Some("input_required") => invalid("this method cannot require input".to_owned()),
        Some("task") if may_be_task(method) && client.task_options().is_some() => {
            match client.session().is_modern() {
                true => Ok(Round::Task(answer)),
                false => invalid(format!("revision {revision} has no resultType \"task\"")),
            }
        }
        Some(other) => match client.result_handler(method, other) {
            Some(handler) => Ok(Round::Extended(handler.clone(), answer)),
            None => {
                invalid(format!("the resultType \"{}\" is unknown", PeerText::with_max(other, 64)))
            }
        },
    }
}

/// Whether the result of a method may ask for input (MRTR-2).
fn may_require_input(method: &str) -> bool {
    method::find(method).is_some_and(|row| row.may_require_input)
}

/// Whether a server may answer a method with a task (TX-3).
fn may_be_task(method: &str) -> bool {
    METHODS_WITH_TASKS.contains(&method)
}

/// Whether the result of a tool has its required member.
fn has_content(result: &JsonBytes) -> bool {
    // Most servers write it first.
    result.as_bytes().starts_with(br#"{"content":["#)
        || matches!(result.members(["content"]), Ok([Some(_)]))
}

/// The member `resultType` of a result.
fn result_type(
    method: &MethodName,
    result: &JsonBytes,
) -> Result<Option<Cow<'static, str>>, Error> {
    static NAME: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("resultType"));
    let bytes = result.as_bytes();
    // Most servers write it first, and most results are complete.
    if bytes.starts_with(br#"{"resultType":"complete""#) {
        return Ok(Some(Cow::Borrowed("complete")));
    }
    if NAME.find(bytes).is_none() {
        return Ok(None);
    }
    let [kind] = result
        .members(["resultType"])
        .map_err(|error| Error::invalid_answer(method.clone(), error, bytes))?;
    let Some(kind) = kind else { return Ok(None) };
    kind.parse().map_err(|error| Error::decode(method.clone(), error, bytes))
}
