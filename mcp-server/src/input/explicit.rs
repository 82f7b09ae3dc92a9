//! The questions that a handler returned as an [`Outcome`](super::Outcome): validates them, and
//! asks them on a legacy session.

use mcp_core::jsonrpc::ErrorObject;

use super::ask::answer_on_session;
use crate::context::Context;
use crate::questions::{ReturnedQuestions, StoredAnswer};

/// Delay before a legacy call that returned a state without a question runs again. Fixed: it
/// prevents a busy loop.
const RERUN_DELAY: std::time::Duration = std::time::Duration::from_millis(250);

/// Checks that the questions are valid and that the client supports them.
pub(super) fn check(context: &Context, returned: &ReturnedQuestions) -> Result<(), ErrorObject> {
    if returned.requests.is_empty() && returned.state.is_none() {
        return Err(crate::error::internal(
            "requesting input",
            &"the handler returned neither a question nor a state",
        ));
    }
    if returned.requests.len() > context.call().environment.limits.max_input_questions {
        return Err(crate::error::internal(
            "requesting input",
            &"too many questions in one round (max_input_questions)",
        ));
    }
    returned.requests.values().try_for_each(|request| Ok(context.check_question(request)?))
}

/// Asks on a legacy session.
pub(super) async fn ask_on_session(
    context: &Context,
    returned: &ReturnedQuestions,
) -> Result<Vec<StoredAnswer>, ErrorObject> {
    check(context, returned)?;
    if returned.requests.is_empty() {
        tokio::time::sleep(RERUN_DELAY).await;
    }
    let asking = returned.requests.iter().map(async |(key, request)| {
        let answer = answer_on_session(context, request.clone(), None).await?;
        Ok(StoredAnswer { key: key.clone(), digest: String::new(), answer })
    });
    futures::future::try_join_all(asking).await
}
