//! Whether a request may be repeated.

use super::row::{RetrySafety, Row};
use crate::json::JsonBytes;

/// Returns the retry safety of a request, from the row of its method and whether its parameters
/// have answers.
#[must_use]
pub fn retry_safety(row: Option<&Row>, params: &JsonBytes) -> RetrySafety {
    let members = params.members(["inputResponses", "requestState"]);
    let has_answers = members.is_ok_and(|members| members.iter().any(Option::is_some));
    RetrySafety::of(row, has_answers)
}
