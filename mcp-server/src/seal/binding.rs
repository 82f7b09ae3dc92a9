//! What a state is bound to: it opens for the same call only (MRTR-7; salient parameters: TRAP-30).

use mcp_core::json::{JsonBytes, canonical};
use mcp_core::jsonrpc::ErrorObject;
use serde_json::{Map, Value};

use super::cipher::digest;
use crate::error::invalid_params;

/// Server, principal, method, and a digest of the parameters.
#[derive(Debug)]
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// The binding of a call.
    ///
    /// # Errors
    /// −32602 when the parameters are no object.
    pub(crate) fn new(
        server_name: &str,
        principal: Option<&str>,
        method: &str,
        params: &JsonBytes,
    ) -> Result<Self, ErrorObject> {
        let params = params.parse().map_err(|error| invalid_params(&error))?;
        let mut bytes = Vec::with_capacity(128);
        part(&mut bytes, server_name.as_bytes());
        bytes.push(u8::from(principal.is_some()));
        part(&mut bytes, principal.unwrap_or_default().as_bytes());
        part(&mut bytes, method.as_bytes());
        bytes.extend_from_slice(&digest(&[&salient(params)]));
        Ok(Self(bytes))
    }

    /// The data that a token with this head is authenticated with.
    pub(super) fn associated(&self, head: &[u8]) -> Vec<u8> {
        [head, &self.0].concat()
    }
}

/// Each part with its length, so that none can grow into the next.
fn part(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The parameters as they are the same in every round: without what belongs to one message, and in
/// one spelling. No arguments are as good as an empty object.
fn salient(mut params: Map<String, Value>) -> Vec<u8> {
    for name in ["_meta", "inputResponses", "requestState"] {
        params.remove(name);
    }
    let absent =
        |arguments: &Value| arguments.is_null() || arguments.as_object().is_some_and(Map::is_empty);
    if params.get("arguments").is_some_and(absent) {
        params.remove("arguments");
    }
    canonical(&Value::Object(params))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(params: Value) -> Vec<u8> {
        salient(params.as_object().unwrap().clone())
    }

    #[test]
    fn only_what_matters_counts() {
        let first = of(json!({ "name": "pay", "arguments": { "a": 1, "b": 2 } }));
        let retry = of(json!({
            "arguments": { "b": 2.0, "a": 1 }, "_meta": { "progressToken": 3 }, "name": "pay",
            "requestState": "x", "inputResponses": { "q": {} }
        }));
        assert_eq!(first, retry);
        assert_ne!(first, of(json!({ "name": "pay", "arguments": { "a": 1, "b": 3 } })));
        assert_ne!(first, of(json!({ "name": "pay2", "arguments": { "a": 1, "b": 2 } })));
        assert_eq!(of(json!({ "name": "x" })), of(json!({ "name": "x", "arguments": {} })));
    }
}
