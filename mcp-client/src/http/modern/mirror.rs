//! Which arguments of which tools are mirrored into header fields, as the lists of tools say.
//! Spec: basic/transports/streamable-http, "Custom headers" (HDR-10 … HDR-17).

use std::collections::HashMap;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use mcp_core::http::{ParamHeader, encode_value, param_headers, param_text};
use mcp_core::json::JsonBytes;
use mcp_core::sync::RwLock;
use mcp_core::text::PeerText;
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Largest magnitude of a mirrored integer (HDR-12).
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// A header field that mirrors an argument.
pub(super) type MirroredField = (HeaderName, HeaderValue);

/// Tools with mirrored arguments, by name. A client has one authorization context, so that a name
/// means one tool.
#[derive(Debug)]
pub(super) struct Mirrors {
    tools: RwLock<HashMap<String, Arc<[ParamHeader]>>>,
    max_tools: usize,
}

#[derive(Deserialize)]
struct ListedTool<'a> {
    name: String,
    #[serde(rename = "inputSchema", borrow)]
    schema: Option<&'a RawValue>,
}

impl Mirrors {
    pub(super) fn new(max_tools: usize) -> Self {
        Self { tools: RwLock::default(), max_tools }
    }

    /// The header fields of a call.
    pub(super) fn fields(
        &self,
        tool: Option<&str>,
        arguments: Option<&JsonBytes>,
    ) -> Result<Vec<MirroredField>, TransportError> {
        let (Some(tool), Some(arguments)) = (tool, arguments) else { return Ok(Vec::new()) };
        let known = self.tools.read().get(tool).cloned();
        let Some(params) = known else { return Ok(Vec::new()) };
        let unsendable =
            |reason: String| TransportError::new(TransportErrorKind::Unsendable, reason);
        let arguments: Value =
            arguments.parse().map_err(|error| unsendable(format!("the arguments: {error}")))?;
        let mut fields = Vec::new();
        for param in params.iter() {
            // The server refuses arguments that do not fit the schema.
            let Ok(Some(argument)) = param.find(&arguments) else { continue };
            let path = param.path.join("/");
            let text = text(argument)
                .map_err(|reason| unsendable(format!("the argument {path} {reason}")))?;
            let Some(text) = text else { continue };
            let value = HeaderValue::from_str(&encode_value(&text)).map_err(|_| {
                unsendable(format!("the argument {path} cannot be sent in a header field"))
            })?;
            fields.push((param.name.clone(), value));
        }
        Ok(fields)
    }

    /// Learns from a page of tools, and removes those whose annotations break a rule (HDR-14).
    /// Everything else stays as the server wrote it.
    pub(super) fn learn(&self, page: JsonBytes) -> JsonBytes {
        if memchr::memmem::find(page.as_bytes(), b"x-mcp-header").is_none() {
            self.forget_listed(&page);
            return page;
        }
        let Ok([Some(tools)]) = page.members(["tools"]) else { return page };
        let Ok(entries) = tools.parse::<Vec<&RawValue>>() else { return page };
        let mut kept = Vec::with_capacity(entries.len());
        for entry in &entries {
            if self.learn_tool(entry) {
                kept.push(*entry);
            }
        }
        if kept.len() == entries.len() { page } else { spliced(&page, &tools, &kept) }
    }

    /// Learns one tool; false if it must not be offered.
    fn learn_tool(&self, entry: &RawValue) -> bool {
        // The reader of the list reports what cannot be read.
        let Ok(tool) = serde_json::from_str::<ListedTool<'_>>(entry.get()) else { return true };
        let schema =
            tool.schema.and_then(|schema| serde_json::from_str::<Value>(schema.get()).ok());
        let params = match param_headers(&schema.unwrap_or_default()) {
            Ok(params) => params,
            Err(error) => {
                let name = PeerText::new(&tool.name);
                let error = error.to_string();
                let error = PeerText::new(&error);
                tracing::warn!(tool = %name, %error, "removed a tool whose x-mcp-header is not valid");
                self.tools.write().remove(&tool.name);
                return false;
            }
        };
        let mut tools = self.tools.write();
        if params.is_empty() {
            tools.remove(&tool.name);
        } else if tools.len() < self.max_tools || tools.contains_key(&tool.name) {
            tools.insert(tool.name, params.into());
        } else {
            let (name, max) = (PeerText::new(&tool.name), self.max_tools);
            tracing::warn!(tool = %name, max, "a tool with mirrored arguments is not remembered: `HttpLimits::max_mirrored_tools`");
        }
        true
    }

    /// A page without annotations: its tools have none any more.
    fn forget_listed(&self, page: &JsonBytes) {
        if self.tools.read().is_empty() {
            return;
        }
        let Ok([Some(tools)]) = page.members(["tools"]) else { return };
        let Ok(entries) = tools.parse::<Vec<ListedTool<'_>>>() else { return };
        let mut known = self.tools.write();
        for tool in entries {
            known.remove(&tool.name);
        }
    }
}

/// The text of an argument; `None` if it is not mirrored.
fn text(argument: &Value) -> Result<Option<String>, String> {
    if let Value::Number(number) = argument {
        // `42.0` is the integer 42 (TRAP-12).
        let integer = number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            // A float of that magnitude is exact.
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates beyond")]
            Some(float as i64)
        });
        return match integer {
            Some(integer) if integer.unsigned_abs() <= MAX_INTEGER.unsigned_abs() => {
                Ok(Some(integer.to_string()))
            }
            None if !number.is_u64() => Ok(Some(number.to_string())),
            _ => Err(format!("is beyond {MAX_INTEGER}, the largest integer that is mirrored")),
        };
    }
    Ok(param_text(argument).map(std::borrow::Cow::into_owned))
}

/// The page with fewer tools.
fn spliced(page: &JsonBytes, tools: &JsonBytes, kept: &[&RawValue]) -> JsonBytes {
    let (all, part) = (page.as_str(), tools.as_str());
    let start = part.as_ptr().addr() - all.as_ptr().addr();
    let mut text = String::with_capacity(all.len());
    text.push_str(&all[..start]);
    text.push('[');
    for (index, entry) in kept.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(entry.get());
    }
    text.push(']');
    text.push_str(&all[start + part.len()..]);
    JsonBytes::from_trusted(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(tools: &Value) -> JsonBytes {
        JsonBytes::new(&json!({ "nextCursor": "c", "tools": tools, "ttlMs": 1.0 })).unwrap()
    }

    fn tool(name: &str, property: Value) -> Value {
        json!({ "name": name, "inputSchema": { "type": "object", "properties": { "p": property } } })
    }

    #[test]
    fn tools_whose_annotations_break_a_rule_are_left_out_and_the_rest_stays_as_it_is() {
        let mirrors = Mirrors::new(10);
        let good = tool("good", json!({ "type": "string", "x-mcp-header": "P" }));
        let bad = tool("bad", json!({ "type": "number", "x-mcp-header": "P" }));
        let plain = tool("plain", json!({ "type": "number" }));
        let learned = mirrors.learn(page(&json!([bad, good, plain])));
        assert_eq!(learned, page(&json!([good, plain])));
        let fields = |tool: &str, arguments: Value| {
            mirrors.fields(Some(tool), Some(&JsonBytes::new(&arguments).unwrap())).map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(fields("good", json!({ "p": "x y" })).unwrap(), ["mcp-param-p: x y"]);
        assert_eq!(fields("good", json!({ "p": "ü" })).unwrap(), ["mcp-param-p: =?base64?w7w=?="]);
        assert_eq!(fields("good", json!({ "p": "" })).unwrap(), ["mcp-param-p: "]);
        assert_eq!(fields("good", json!({ "p": 42.0 })).unwrap(), ["mcp-param-p: 42"]);
        assert!(fields("good", json!({ "p": null })).unwrap().is_empty());
        assert!(fields("plain", json!({ "p": 1 })).unwrap().is_empty());
        for beyond in [json!(9_007_199_254_740_993_i64), json!(u64::MAX), json!(1e17)] {
            let error = fields("good", json!({ "p": beyond })).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Unsendable, "{error}");
        }
        // The tool changed, and mirrors nothing now.
        mirrors.learn(page(&json!([tool("good", json!({ "type": "string" }))])));
        assert!(fields("good", json!({ "p": "x" })).unwrap().is_empty());
    }

    #[test]
    fn the_number_of_remembered_tools_is_bounded() {
        let mirrors = Mirrors::new(5);
        let tools: Vec<_> = (0..20)
            .map(|number| {
                tool(&number.to_string(), json!({ "type": "string", "x-mcp-header": "P" }))
            })
            .collect();
        let all = page(&json!(tools));
        assert_eq!(mirrors.learn(all.clone()), all);
        assert_eq!(mirrors.tools.read().len(), 5);
    }
}
