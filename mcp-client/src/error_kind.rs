//! What can go wrong with a call, in one word.
//!
//! A server's answer, a lost connection, an expired timeout and an answer that cannot be read are
//! different kinds, and none can be taken for another (spec: basic, ERR-8).

use crate::connect_phase::ConnectPhase;

/// What kind of failure an [`Error`](crate::Error) is.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::ErrorKind;
///
/// let error = client.call_tool("no-such-tool", &()).await.expect_err("there is none");
/// match error.kind() {
///     ErrorKind::Transport => println!("call it again"),
///     ErrorKind::OutcomeUnknown => println!("look whether it was done before you call again"),
///     _ => println!("{error}"),
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server answered with a JSON-RPC error: [`Error::peer`](crate::Error::peer).
    Peer,
    /// No response, because the connection failed or is closed. The request may be sent again, on
    /// another connection if this one has ended: it did not leave, or the server refused it (over
    /// HTTP with 4xx, 501 or 505), or repeating it is harmless
    /// ([`RetrySafety`](mcp_core::method::RetrySafety)). A tool was not called. For all other
    /// failures see [`ErrorKind::OutcomeUnknown`]. Over HTTP+SSE a message that the server refuses
    /// ends the connection, and all calls in flight fail as lost, also the refused one: with
    /// `OutcomeUnknown`, unless repeating it is harmless.
    Transport,
    /// The request was sent, and has no response that can be read: the connection failed, the
    /// server's process exited, the response is not a message, or over HTTP the server or a gateway
    /// answered 5xx (503 too, unless [`HttpLimits::retry_unavailable`](crate::Limits) is set). It is
    /// not known whether the server did the work, and doing it twice may do harm, so that only the
    /// caller can decide to send it again.
    OutcomeUnknown,
    /// The server wants credentials that the client does not have (401, or 403 with a challenge);
    /// [`source`](std::error::Error::source) says why.
    Unauthorized,
    /// No answer in time: [`Error::expired`](crate::Error::expired). The server was told to stop.
    Timeout,
    /// The answer is not what the protocol or the caller's type says: [`Error::json`](crate::Error::json).
    Decode,
    /// What was read is not what the server announced: a file of a skill that differs from its
    /// entry.
    Mismatch,
    /// The policy of the host does not allow the request, so that nothing was sent
    /// (`ClientBuilder::policy`).
    Denied,
    /// The arguments cannot be sent.
    InvalidArgument,
    /// There is no protocol revision that both sides speak.
    UnsupportedVersion,
    /// The server needs input that no handler of this client gives.
    InputRequired,
    /// A tool ran and reports that it failed (`isError`).
    Tool,
    /// The host cancelled the call ([`Call::cancel_when`](crate::Call::cancel_when)), its task was
    /// cancelled on the server, or the client stopped waiting for the task because the progress
    /// handler of the call panicked.
    Cancelled,
    /// The server does not have the task of the call any more: it has expired, or the server has
    /// lost it. [`Error::peer`](crate::Error::peer) has the server's error.
    TaskGone,
    /// The server exceeded a bound, such as the number of pages of a list.
    Limit,
    /// The server's process could not be started.
    Spawn,
}

/// Which timeout expired.
///
/// ```
/// use mcp_client::{Error, Expired};
///
/// fn message(error: &Error) -> String {
///     match error.expired() {
///         Some(Expired::Idle) => "the server does not answer".to_owned(),
///         Some(Expired::Total) => "the call takes too long".to_owned(),
///         _ => error.to_string(),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expired {
    /// The time without any sign of life, which progress extends.
    Idle,
    /// The time for the whole call, which nothing extends.
    Total,
    /// The time to connect ([`ClientBuilder::startup_timeout`](crate::ClientBuilder::startup_timeout)),
    /// and what the client was waiting for.
    Startup(ConnectPhase),
}
