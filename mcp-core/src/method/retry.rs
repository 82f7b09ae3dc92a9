//! Whether a request may be repeated.

use super::row::RetrySafety;
use super::table::find;
use crate::json::JsonBytes;

/// Returns the retry safety of a request, from its method and whether its parameters have answers.
#[must_use]
pub fn retry_safety(method: &str, params: &JsonBytes) -> RetrySafety {
    let members = params.members(["inputResponses", "requestState"]);
    let has_answers = members.is_ok_and(|members| members.iter().any(Option::is_some));
    RetrySafety::of(find(method), has_answers)
}
