//! Binds a state to its call: it opens only for the same call (MRTR-7; salient parameters:
//! TRAP-30).

use std::fmt;

use mcp_core::json::{JsonBytes, canonical};
use mcp_core::jsonrpc::ErrorObject;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::cipher::digest;
use crate::error::invalid_params;
use crate::json_text::JsonText;

/// The call that a state is bound to: server, principal, method, and a digest of the parameters.
#[derive(Debug)]
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// Creates the binding of a call.
    ///
    /// # Errors
    /// −32602 if the parameters are not an object.
    pub(crate) fn new(
        server_name: &str,
        principal: Option<&str>,
        method: &str,
        params: &JsonBytes,
    ) -> Result<Self, ErrorObject> {
        let Salient(params) = params.parse().map_err(|error| invalid_params(&error))?;
        let mut bytes = Vec::with_capacity(128);
        push_field(&mut bytes, server_name.as_bytes());
        bytes.push(u8::from(principal.is_some()));
        push_field(&mut bytes, principal.unwrap_or_default().as_bytes());
        push_field(&mut bytes, method.as_bytes());
        bytes.extend_from_slice(&digest(&[&canonical(&Value::Object(params))]));
        Ok(Self(bytes))
    }

    /// Returns the associated data of a token with this head.
    pub(super) fn associated(&self, head: &[u8]) -> Vec<u8> {
        [head, &self.0].concat()
    }
}

/// Appends a field with its length, so that the fields are unambiguous.
fn push_field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The parameters that are the same in every round. Empty arguments count as absent.
#[derive(Debug, PartialEq)]
struct Salient(Map<String, Value>);

impl<'de> Deserialize<'de> for Salient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SalientVisitor)
    }
}

struct SalientVisitor;

impl<'de> Visitor<'de> for SalientVisitor {
    type Value = Salient;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Salient, A::Error> {
        let mut params = Map::new();
        while let Some(JsonText(name)) = members.next_key()? {
            if matches!(&*name, "_meta" | "inputResponses" | "requestState") {
                members.next_value::<IgnoredAny>()?;
            } else {
                params.insert(name.into_owned(), members.next_value()?);
            }
        }
        let absent = |arguments: &Value| {
            arguments.is_null() || arguments.as_object().is_some_and(Map::is_empty)
        };
        if params.get("arguments").is_some_and(absent) {
            params.remove("arguments");
        }
        Ok(Salient(params))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(params: Value) -> Vec<u8> {
        let Salient(params) = serde_json::from_str(&params.to_string()).unwrap();
        canonical(&Value::Object(params))
    }

    #[test]
    fn only_salient_parameters_are_bound() {
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
