//! The questions that a handler of the explicit form returned: checking them, and asking them on a
//! legacy session.

use mcp_core::jsonrpc::ErrorObject;

use super::ask::answer_on_session;
use crate::context::Context;
use crate::questions::{Answered, Returned};

/// Rounds of questions that a handler may return on a legacy session.
pub(super) const LEGACY_ROUNDS: u32 = 8;

/// How long a legacy call that returned a state and no question waits before it is run again.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// Whether the client can answer all of it.
pub(super) fn check(context: &Context, returned: &Returned) -> Result<(), ErrorObject> {
    if returned.requests.is_empty() && returned.state.is_none() {
        return Err(crate::error::internal(
            "asking for input",
            &"neither a question nor a state was returned",
        ));
    }
    if returned.requests.len() > context.call().environment.limits.max_input_questions {
        return Err(crate::error::internal("asking for input", &"too many questions in one round"));
    }
    returned.requests.values().try_for_each(|request| Ok(context.check_question(request)?))
}

/// Asks on a legacy session.
pub(super) async fn ask_on_session(
    context: &Context,
    returned: &Returned,
) -> Result<Vec<Answered>, ErrorObject> {
    check(context, returned)?;
    if returned.requests.is_empty() {
        tokio::time::sleep(PAUSE).await;
    }
    let asking = returned.requests.iter().map(async |(key, request)| {
        let answer = answer_on_session(context, request.clone()).await?;
        Ok(Answered { key: key.clone(), digest: String::new(), answer })
    });
    futures::future::try_join_all(asking).await
}
