//! A question that a layer asks before it passes a call on.
//!
//! It is asked like those of handlers: in the legacy era with a request on the session, in the
//! modern era in the result of the call, whose sealed state is bound to the method and all
//! parameters. An answer that the client sends before it was asked does not count.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::service::CallError;
use mcp_core::types::{ElicitAction, ElicitParams};

use super::drive::{Execution, HandlerOutcome, RoundInput, encode_questions, finish_modern, open};
use crate::context::{Context, HandlerFuture};
use crate::questions::AskError;

/// What became of a question.
pub(crate) enum Approval {
    /// The user answered.
    Answered(ElicitAction),
    /// There is no answer.
    Failed(AskError),
    /// The question is the result of the call. The client repeats the call with the answer.
    Asked(JsonBytes),
}

/// Asks a question before a call. `key` distinguishes it from those of other layers.
///
/// # Errors
/// If the state that the client sent back is not that of this call.
pub(crate) async fn ask_before(
    context: &Context,
    method: &'static str,
    params: &Params,
    key: &'static str,
    question: ElicitParams,
) -> Result<Approval, CallError> {
    let input = RoundInput::read(method, params)?;
    open(context, &input).await?;
    let asking: HandlerFuture<Result<ElicitAction, AskError>> = {
        let context = context.clone();
        Box::pin(async move {
            let question = context.elicit_with(question).key(key).unless_volunteered();
            Ok(question.await.map(|result| result.action))
        })
    };
    let outcome = Execution::new(context, asking).await;
    let Some(round) = context.call().questions.get() else {
        // Refused before it was asked, or asked on a session.
        return Ok(outcome?.ok_or_else(ErrorObject::internal)?.into());
    };
    if !context.rules().input_required {
        round.lock().reopen();
        return Ok(outcome?.ok_or_else(ErrorObject::internal)?.into());
    }
    // Layers behind this one may change the parameters, and the client sends those of now again.
    round.lock().bound_params = Some(params.clone());
    match finish_modern(context, &input, round, outcome)? {
        HandlerOutcome::Complete(answered) => {
            round.lock().reopen();
            Ok(answered.into())
        }
        HandlerOutcome::InputRequired(result) => {
            Ok(Approval::Asked(encode_questions(context, result)?))
        }
        HandlerOutcome::Detached => Err(ErrorObject::internal().into()),
    }
}

impl From<Result<ElicitAction, AskError>> for Approval {
    fn from(answered: Result<ElicitAction, AskError>) -> Self {
        match answered {
            Ok(action) => Self::Answered(action),
            Err(error) => Self::Failed(error),
        }
    }
}
