//! A subscription as a call: its values are progress, and the last one is the result.

use jsonrpsee_core::id_providers::RandomIntegerIdProvider;
use jsonrpsee_core::server::{
    ConnectionId, Extensions, MethodSink, SubscriptionMethod, SubscriptionPermit, SubscriptionState,
};
use jsonrpsee_types::{Id, Params};
use mcp_core::deadline::later;
use mcp_core::json::member_ranges;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::text::prefix;
use mcp_core::types::CallToolResult;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::error;
use super::limits::RpcLimits;
use super::result;
use crate::error::internal;
use crate::tool::ToolCall;

/// What ended a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Completed,
    MaxItems,
    MaxBytes,
    MaxTime,
}

impl Ended {
    pub(super) const ALL: [Self; 4] =
        [Self::Completed, Self::MaxItems, Self::MaxBytes, Self::MaxTime];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::MaxItems => "max_items",
            Self::MaxBytes => "max_bytes",
            Self::MaxTime => "max_time",
        }
    }
}

/// What a subscription needs beside the call.
pub(super) struct Subscribe<'a> {
    pub(super) name: &'static str,
    pub(super) method: &'a SubscriptionMethod<'static>,
    pub(super) connection: ConnectionId,
    pub(super) extensions: Extensions,
    pub(super) permit: SubscriptionPermit,
    pub(super) limits: &'a RpcLimits,
    pub(super) is_structured: bool,
}

/// Runs a subscription to its end, or to a limit.
///
/// Cancel safety: dropping the future closes the sink of the subscription. What the method has
/// spawned sees it with `SubscriptionSink::closed`, and by its next `send`.
///
/// # Errors
/// Those of [`error::answer`].
pub(super) async fn run(
    subscribe: Subscribe<'_>,
    call: &ToolCall,
    params: Params<'_>,
) -> Result<CallToolResult, ErrorObject> {
    let Subscribe { name, method, connection, extensions, permit, limits, is_structured } =
        subscribe;
    let deadline = later(Instant::now(), limits.max_time);
    let (sender, mut messages) = mpsc::channel(limits.max_queued_items.max(1));
    let state = SubscriptionState {
        conn_id: connection,
        id_provider: &RandomIntegerIdProvider,
        subscription_permit: permit,
    };
    let accepting = method(Id::Number(0), params, MethodSink::new(sender), state, extensions);
    let Ok(response) = timeout_at(deadline, accepting).await else {
        return error::answer(call, name, error::not_accepted(limits.max_time));
    };
    if let Err(refused) = result::read(response, limits.max_result_bytes)? {
        return error::answer(call, name, refused);
    }
    // A method that accepts sends its response through the sink, too.
    match timeout_at(deadline, messages.recv()).await {
        Ok(Some(_)) => {}
        Ok(None) => return Err(internal("subscribing", &"the method did not send its response")),
        Err(_) => return error::answer(call, name, error::not_accepted(limits.max_time)),
    }

    let mut received = Received { items: 0, bytes: 0, last: "null".to_owned() };
    let ended = loop {
        let message = match timeout_at(deadline, messages.recv()).await {
            Err(_) => break Ended::MaxTime,
            Ok(None) => break Ended::Completed,
            Ok(Some(message)) => message,
        };
        match read(message.get()) {
            Message::Failed(data) => {
                let data: &RawValue = serde_json::from_str(data)
                    .map_err(|error| internal("reading the error of a subscription", &error))?;
                return error::answer(call, name, error::failed_subscription(data));
            }
            Message::Value(value) => {
                if !received.add(value, limits) {
                    break Ended::MaxBytes;
                }
            }
        }
        let text = prefix(&received.last, limits.max_progress_message_bytes);
        call.context().progress_with_message(received.items, None, text).await;
        if received.items >= limits.max_items {
            break Ended::MaxItems;
        }
    };
    received.into_result(ended, is_structured)
}

/// The values so far.
struct Received {
    items: usize,
    bytes: usize,
    last: String,
}

impl Received {
    /// Adds a value. Returns false, and does not add it, if it is too long.
    fn add(&mut self, value: &str, limits: &RpcLimits) -> bool {
        let bytes = self.bytes.saturating_add(value.len());
        if value.len() > limits.max_result_bytes || bytes > limits.max_bytes {
            return false;
        }
        self.items += 1;
        self.bytes = bytes;
        value.clone_into(&mut self.last);
        true
    }

    fn into_result(self, ended: Ended, is_structured: bool) -> Result<CallToolResult, ErrorObject> {
        let Self { items, last, .. } = self;
        let ended = ended.as_str();
        let text = format!(r#"{{"last":{last},"items":{items},"ended":"{ended}"}}"#);
        let value = RawValue::from_string(text)
            .map_err(|error| internal("encoding the result of a subscription", &error))?;
        Ok(result::success(value, is_structured))
    }
}

/// A message of a subscription.
#[derive(Debug, PartialEq)]
enum Message<'a> {
    Value(&'a str),
    /// The module ended the subscription with an error.
    Failed(&'a str),
}

/// Reads `{"jsonrpc":…,"method":…,"params":{"subscription":…,"result":…}}`. Any other text is the
/// value: a module may send complete messages of its own.
fn read(text: &str) -> Message<'_> {
    let member = |text, name| match member_ranges(text, [name]) {
        Ok([Some(range)]) => Some(range),
        _ => None,
    };
    let params = member(text, "params").and_then(|range| text.get(range)).unwrap_or_default();
    if let Some(range) = member(params, "result") {
        Message::Value(&params[range])
    } else if let Some(range) = member(params, "error") {
        Message::Failed(&params[range])
    } else {
        Message::Value(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_message_keeps_its_text() {
        let text = r#"{"jsonrpc":"2.0","method":"m","params":{"subscription":1,"result":1e400}}"#;
        assert_eq!(read(text), Message::Value("1e400"));
        let text = r#"{"method":"m","params":{"subscription":1,"error":"gone"}}"#;
        assert_eq!(read(text), Message::Failed("\"gone\""));
        assert_eq!(read("[1]"), Message::Value("[1]"));
    }
}
