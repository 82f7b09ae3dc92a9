//! Results that ask for input: the automatic answers, round by round. Spec: basic/patterns/mrtr.
//!
//! Each round is a request of its own, with a fresh id, the params of the first one, the answers to the
//! last questions, and the server's state exactly as it came (MRTR-10, MRTR-11, MRTR-13).

use std::borrow::Cow;

use bytes::Bytes;
use futures::future::try_join_all;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::types::{InputRequest, InputRequests, InputRequiredResult, InputResponses};
use serde::Deserialize;
use tokio::time::timeout;

use crate::call::Options;
use crate::client::Client;
use crate::error::Error;
use crate::params::{MetaParts, Params};
use crate::request::Patience;

/// Most rounds that are answered without the caller.
const MOST_ROUNDS: usize = 10;

/// Most questions in one round.
const MOST_INPUTS: usize = 16;

/// The answer to one request.
pub(crate) enum Round {
    Complete(JsonBytes),
    InputRequired(Box<InputRequiredResult>),
}

/// A complete result, and whether it came in the first round.
pub(crate) struct Driven {
    pub(crate) result: JsonBytes,
    pub(crate) is_first: bool,
}

/// Sends a request and, as long as the server asks for input, has the handlers answer and sends it again.
pub(crate) async fn drive(
    client: &Client,
    method: &'static str,
    params: Params,
    options: &mut Options,
) -> Result<Driven, Error> {
    let mut patience = Patience::begin(options.timeouts);
    let (mut round, base) = send(client, method, params, options, &mut patience).await?;
    for number in 0..=MOST_ROUNDS {
        let asked = match round {
            Round::Complete(result) => return Ok(Driven { result, is_first: number == 0 }),
            Round::InputRequired(asked) => asked,
        };
        if number == MOST_ROUNDS {
            break;
        }
        let responses = match asked.input_requests {
            Some(requests) => {
                let answering = answer_all(client, method, requests);
                let answered = timeout(patience.left(), answering).await;
                Some(answered.map_err(|_| patience.total_error(method))??)
            }
            None => None,
        };
        patience.extend();
        let params = retry(&base, responses.as_ref(), asked.request_state.as_deref())?;
        (round, _) = send(client, method, params, options, &mut patience).await?;
    }
    Err(Error::input_required(method, format!("the server still asks after {MOST_ROUNDS} rounds")))
}

/// One round. Also gives the params as they were sent, without `_meta`.
pub(crate) async fn send(
    client: &Client,
    method: &'static str,
    params: Params,
    options: &mut Options,
    patience: &mut Patience,
) -> Result<(Round, Bytes), Error> {
    let wire = client.wire();
    let id = wire.next_id();
    let (params, base) = params.seal(&MetaParts {
        session: &client.session().meta,
        progress_token: options.on_progress.is_some().then_some(&id),
        log_level: options.log_level.or_else(|| client.log_level()),
        user: options.meta.as_ref(),
    });
    let answer = wire.exchange(method, id, params, patience, options.on_progress.as_mut()).await?;
    Ok((read(client, method, answer)?, base))
}

/// The params of the next round.
pub(crate) fn retry(
    base: &[u8],
    responses: Option<&InputResponses>,
    state: Option<&str>,
) -> Result<Params, Error> {
    let mut params = Params::from_base(base);
    if let Some(responses) = responses {
        params = params.with("inputResponses", responses)?;
    }
    if let Some(state) = state {
        params = params.with("requestState", state)?;
    }
    Ok(params)
}

/// Tells a final result from one that asks.
fn read(client: &Client, method: &'static str, answer: JsonBytes) -> Result<Round, Error> {
    if !client.session().is_modern() {
        return Ok(Round::Complete(answer)); // Results have no kinds there.
    }
    let bytes = answer.as_bytes();
    let kind = result_type(bytes).map_err(|error| Error::decode(method, error, bytes))?;
    let invalid = |reason: String| Err(Error::invalid_answer(method, reason, bytes));
    match kind.as_deref() {
        None | Some("complete") => Ok(Round::Complete(answer)),
        Some("input_required") if METHODS.contains(&method) => {
            let asked: InputRequiredResult =
                answer.parse().map_err(|error| Error::decode(method, error, bytes))?;
            if asked.input_requests.is_none() && asked.request_state.is_none() {
                return invalid(
                    "it requires input and has neither inputRequests nor requestState".into(),
                );
            }
            if asked.input_requests.as_ref().is_some_and(|requests| requests.len() > MOST_INPUTS) {
                return invalid(format!("it asks more than {MOST_INPUTS} questions at a time"));
            }
            Ok(Round::InputRequired(Box::new(asked)))
        }
        Some("input_required") => invalid("this method cannot require input".into()),
        Some(other) => invalid(format!(
            "the resultType {:?} is unknown",
            other.chars().take(64).collect::<String>()
        )),
    }
}

/// The methods whose result may ask for input (MRTR-2).
pub(crate) const METHODS: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// The member `resultType` of a result.
fn result_type(result: &[u8]) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "resultType", borrow)]
        kind: Option<Cow<'a, str>>,
    }
    // Most servers write it first, and most results are complete.
    if result.starts_with(br#"{"resultType":"complete""#) {
        return Ok(None);
    }
    if memchr::memmem::find(result, b"resultType").is_none() {
        return Ok(None);
    }
    serde_json::from_slice::<Kind<'_>>(result).map(|result| result.kind)
}

/// Answers all questions of a round, at the same time.
async fn answer_all(
    client: &Client,
    method: &'static str,
    requests: InputRequests,
) -> Result<InputResponses, Error> {
    let answers = requests.into_iter().map(|(key, request)| answer(client, method, key, request));
    Ok(try_join_all(answers).await?.into_iter().collect())
}

async fn answer(
    client: &Client,
    method: &'static str,
    key: String,
    request: InputRequest,
) -> Result<(String, RawJson), Error> {
    let asked = request.method().to_owned();
    let params = match &request {
        InputRequest::Elicit(params) => JsonBytes::new(params),
        InputRequest::CreateMessage(params) => JsonBytes::new(params),
        InputRequest::ListRoots(_) => Ok(JsonBytes::empty_object()),
        _ => {
            let known: String = asked.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Error::input_required(
                method,
                format!("the server asks for {known}, which is unknown"),
            ));
        }
    };
    let params = params.map_err(|error| Error::argument("the question", error))?;
    let reply = client.wire().inbound.handlers.answer(&asked, &params).await;
    let reply = reply.ok_or_else(|| {
        let reason = format!("the server asks for {asked}, and the client has no handler for it");
        Error::input_required(method, reason)
    })?;
    let reply = reply.map_err(|error| Error::handler(method, &asked, error))?;
    let reply = reply.parse().map_err(|error| Error::argument("the answer", error))?;
    Ok((key, reply))
}
