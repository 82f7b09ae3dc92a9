//! Results that ask for input: the automatic answers, round by round. Spec: basic/patterns/mrtr.
//!
//! Each round is a request of its own, with a fresh id, the params of the first one, the answers to
//! the last questions, and the server's state exactly as it came (MRTR-10, MRTR-11, MRTR-13).

use futures::future::try_join_all;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::{MethodName, Params as SealedParams, RequestId, code};
use mcp_core::method::{Discover, Method as _};
use mcp_core::telemetry::Recording;
use mcp_core::text::PeerText;
use mcp_core::types::{
    DiscoverResult, InputRequest, InputRequests, InputResponses, OtherInputRequest,
};
use tokio::time::{Instant, timeout, timeout_at};

use super::modern::discover_params;
use super::result_kind::{Round, read};
use super::session::{no_longer_supported, supported_in};
use crate::call::Options;
use crate::client::{Client, ResultHandler};
use crate::deadline::Deadlines;
use crate::error::{Error, ErrorKind};
use crate::handler::missing_handler;
use crate::params::{Base, MetaParts, Params};
use crate::question::{OriginatingCall, Question};
use crate::request::Exchange;

/// How deep handlers of extended results may be nested: each level is polled inside the one above,
/// and a server decides whether there is another. Fixed: a handler rarely needs more than one.
const MAX_NESTED_RESULTS: u32 = 16;

tokio::task_local! {
    /// The number of handlers of extended results around the current call.
    static NESTING: u32;
}

/// What a server answers in the end.
pub(crate) enum Driven {
    /// A complete result, and whether it came in the first round.
    Complete { result: JsonBytes, is_first: bool },
    /// The request runs as a task. The deadlines are those of the whole call.
    Task { created: JsonBytes, deadlines: Deadlines },
}

/// Sends a request and, as long as the server asks for input, has the handlers answer and sends it
/// again.
pub(crate) async fn drive(
    client: &Client,
    method: &MethodName,
    params: Params,
    options: &mut Options,
) -> Result<Driven, Error> {
    let max_rounds = client.limits().max_input_rounds;
    let mut deadlines = begin(client, options);
    let (mut round, base) = send(client, method, params, options, &mut deadlines).await?;
    for number in 0..=max_rounds {
        let asked = match round {
            Round::Complete(result) => {
                return Ok(Driven::Complete { result, is_first: number == 0 });
            }
            Round::Task(created) => return Ok(Driven::Task { created, deadlines }),
            Round::InputRequired(asked) => asked,
            Round::Extended(handler, result) => {
                let completing = complete(client, method, &handler, result, &deadlines);
                let result = Box::pin(completing).await?;
                return Ok(Driven::Complete { result, is_first: false });
            }
        };
        if number == max_rounds {
            break;
        }
        let began = Instant::now();
        let responses = match asked.input_requests {
            Some(requests) => {
                let call = options.call.as_ref();
                Some(Box::pin(answer_all(client, method, requests, call, &deadlines)).await?)
            }
            None => None,
        };
        deadlines.answered(began.elapsed());
        let params = retry(&base, responses.as_ref(), asked.request_state.as_deref())?;
        (round, _) = send(client, method, params, options, &mut deadlines).await?;
    }
    let reason =
        format!("the server still asks after {max_rounds} rounds (Limits::max_input_rounds)");
    Err(Error::input_required(method.clone(), reason))
}

/// Has an extension complete a result, within the total timeout.
pub(crate) async fn complete(
    client: &Client,
    method: &MethodName,
    handler: &ResultHandler,
    result: JsonBytes,
    deadlines: &Deadlines,
) -> Result<JsonBytes, Error> {
    let level = NESTING.try_with(|level| *level).unwrap_or(0) + 1;
    if level > MAX_NESTED_RESULTS {
        let message = format!(
            "handlers of extended results are nested more than {MAX_NESTED_RESULTS} levels deep"
        );
        return Err(Error::new(ErrorKind::Limit, message).during(method.clone()));
    }
    let handled = NESTING.scope(level, handler.handle(client, result));
    let completed = timeout_at(deadlines.total(), handled)
        .await
        .map_err(|_| deadlines.total_error(method.clone()))??;
    let completed = JsonBytes::new(&completed)
        .map_err(|error| Error::argument("the result of an extension", error))?;
    complete_result(client, method, completed)
}

/// Checks that a result that came in another way than as an answer is complete.
pub(crate) fn complete_result(
    client: &Client,
    method: &MethodName,
    result: JsonBytes,
) -> Result<JsonBytes, Error> {
    let bytes = result.clone();
    match read(client, method, result)? {
        Round::Complete(result) => Ok(result),
        Round::InputRequired(_) | Round::Task(_) | Round::Extended(..) => {
            let reason = "a result that an extension delivers later is not complete";
            Err(Error::invalid_answer(method.clone(), reason, bytes.as_bytes()))
        }
    }
}

/// The deadlines of a call that begins now.
pub(crate) fn begin(client: &Client, options: &Options) -> Deadlines {
    Deadlines::begin(options.timeouts, &client.wire().inbound.handling).within(options.total_at)
}

/// Has the policy of the host decide about a call, once. Returns whether it did so now.
///
/// # Errors
/// If the call must not be sent.
#[cfg(feature = "policy")]
pub(crate) async fn admit(
    client: &Client,
    method: &MethodName,
    params: &Params,
    options: &mut Options,
) -> Result<bool, Error> {
    let Some(policy) = client.policy().filter(|_| !options.is_admitted) else { return Ok(false) };
    let params = params.without_meta();
    // Boxed, because a question would increase the size of every call's future.
    Box::pin(policy.admit(method, &params)).await?;
    options.is_admitted = true;
    Ok(true)
}

/// One round. Also returns the params as they were sent, without `_meta`.
pub(crate) async fn send(
    client: &Client,
    method: &MethodName,
    params: Params,
    options: &mut Options,
    deadlines: &mut Deadlines,
) -> Result<(Round, Base), Error> {
    #[cfg(feature = "policy")]
    {
        let began = Instant::now();
        if admit(client, method, &params, options).await? {
            deadlines.postpone(began.elapsed());
        }
    }
    let (sealed, base) = seal(client, method, params, options);
    let mut answer = exchange(client, method, sealed, options, deadlines).await;
    if let Err(refused) = answer {
        if !is_version_refused(&refused) || !client.session().is_modern() {
            return Err(refused);
        }
        // What was found out about the server does not hold any more: ask again (ERA-6). The
        // request was not carried out, so it may be repeated.
        Box::pin(confirm_revision(client, refused, deadlines)).await?;
        let (sealed, _) = seal(client, method, Params::from_base(&base), options);
        answer = exchange(client, method, sealed, options, deadlines).await;
    }
    let round = read(client, method, answer?)?;
    if matches!(round, Round::InputRequired(_) | Round::Task(_)) {
        options.call = Some(options.originating(method, base.sealed()));
    }
    Ok((round, base))
}

/// A request that is ready to be sent.
struct Sealed {
    id: RequestId,
    params: SealedParams,
    recording: Option<Box<Recording>>,
}

/// Adds `_meta` to params. Also returns the params without `_meta`.
fn seal(client: &Client, method: &MethodName, params: Params, options: &Options) -> (Sealed, Base) {
    let id = client.wire().next_id();
    let recording = client.wire().record(method, &id, || Some(params.without_meta()));
    let trace = recording.as_ref().and_then(|recording| recording.trace_context());
    let (params, base) = params.seal(&MetaParts {
        session: &client.session().meta,
        progress_token: options.on_progress.is_some().then_some(&id),
        log_level: options.log_level.or_else(|| client.requested_log_level()),
        trace: trace.as_ref(),
        user: options.meta.as_ref(),
    });
    (Sealed { id, params, recording }, base)
}

fn exchange<'a>(
    client: &'a Client,
    method: &'a MethodName,
    sealed: Sealed,
    options: &'a mut Options,
    deadlines: &'a mut Deadlines,
) -> impl Future<Output = Result<JsonBytes, Error>> + Send + 'a {
    let Sealed { id, params, recording } = sealed;
    let wire = client.wire();
    let open = may_be_asked(client, method)
        .then(|| options.originating(method, params.clone().into()))
        .map(|call| wire.inbound.open_calls.begin(id.clone(), call));
    let Options { on_progress, cancel_reason, .. } = options;
    let exchange = Exchange {
        method,
        id,
        params,
        on_progress: on_progress.as_mut(),
        recording,
        cancel_reason: cancel_reason.as_ref(),
    };
    let answer = wire.exchange_recorded(exchange, deadlines);
    async move {
        let _open = open;
        answer.await
    }
}

/// Whether a legacy server may ask something of the host while it handles a method.
fn may_be_asked(client: &Client, method: &str) -> bool {
    !client.session().is_modern()
        && client.wire().inbound.handlers.answer_something()
        && client.wire().methods.find(method).is_none_or(|row| row.may_require_input)
}

fn is_version_refused(error: &Error) -> bool {
    error.peer().is_some_and(|error| error.code() == code::UNSUPPORTED_PROTOCOL_VERSION)
}

/// Asks the server which revisions it speaks now; an error if ours is not among them.
async fn confirm_revision(
    client: &Client,
    refused: Error,
    deadlines: &mut Deadlines,
) -> Result<(), Error> {
    let (wire, ours) = (client.wire(), client.revision());
    let params = discover_params(&client.session().meta);
    let supported = match wire.exchange(Discover::NAME, params, deadlines).await {
        Ok(answer) => match answer.parse::<DiscoverResult>() {
            Ok(discovered) => discovered.supported_versions,
            Err(_) => return Err(refused),
        },
        Err(error) if is_version_refused(&error) => {
            error.peer().and_then(|error| error.data()).and_then(supported_in).unwrap_or_default()
        }
        Err(error) if error.kind() == ErrorKind::Peer => return Err(refused),
        Err(error) => return Err(error),
    };
    if supported.iter().any(|name| name == ours.as_str()) {
        return Ok(());
    }
    Err(no_longer_supported(ours, &supported))
}

/// The params of the next round.
pub(crate) fn retry(
    base: &Base,
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

/// Answers all questions of a round, at the same time.
async fn answer_all(
    client: &Client,
    method: &MethodName,
    requests: InputRequests,
    call: Option<&OriginatingCall>,
    deadlines: &Deadlines,
) -> Result<InputResponses, Error> {
    let answers =
        requests.into_iter().map(|(key, request)| answer(client, method, key, request, call));
    let answering = try_join_all(answers);
    let answers = match deadlines.left_for_input() {
        Some(left) => {
            timeout(left, answering).await.map_err(|_| deadlines.total_error(method.clone()))??
        }
        None => answering.await?,
    };
    Ok(answers.into_iter().collect())
}

/// The params of a question, as a legacy server would send them.
pub(crate) fn params_of(request: &InputRequest) -> Result<JsonBytes, Error> {
    let params = match request {
        InputRequest::Elicit(params) => JsonBytes::new(params),
        InputRequest::CreateMessage(params) => JsonBytes::new(params),
        InputRequest::ListRoots(Some(params)) => JsonBytes::new(params),
        InputRequest::Other(OtherInputRequest { params: Some(params), .. }) => {
            JsonBytes::new(params)
        }
        _ => Ok(JsonBytes::empty_object()),
    };
    params.map_err(|error| Error::argument("the question", error))
}

/// Has a handler answer one question.
pub(crate) async fn answer(
    client: &Client,
    method: &MethodName,
    key: String,
    request: InputRequest,
    call: Option<&OriginatingCall>,
) -> Result<(String, RawJson), Error> {
    let asked = request.method().to_owned();
    let params = params_of(&request)?;
    let inbound = &client.wire().inbound;
    let question = Question::new(key.clone().into(), &inbound.server, call.cloned(), &params);
    let reply = inbound.handlers.answer(&asked, &params, question).await;
    let reply = reply
        .ok_or_else(|| Error::input_required(method.clone(), missing_handler(&asked, &params)))?;
    let asked = PeerText::with_max(&asked, 64).to_string();
    let reply = reply.map_err(|error| Error::handler(method.clone(), &asked, error))?;
    let reply = reply.parse().map_err(|error| Error::argument("the answer", error))?;
    Ok((key, reply))
}
