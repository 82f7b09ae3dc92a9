//! The encoder of results.

use serde::Serialize;
use serde_json::Value;

use mcp_core::json::{self, JsonBytes};
use mcp_core::meta::{Meta, SERVER_INFO};
use mcp_core::revision::Rules;
use mcp_core::types::{CacheScope, Implementation, InputRequiredResult};

use super::result::WireResult;

/// Encodes results. Stores the encoded members that all results share.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    complete: Head,
    input_required: Head,
    #[cfg(feature = "tasks")]
    task: Head,
    server_info: Value,
    /// `ttlMs` and `cacheScope` of results that do not set them.
    ttl_ms: u64,
    cache_scope: CacheScope,
}

/// The first members of modern results of one type: an object without its closing brace.
#[derive(Debug, Clone)]
struct Head {
    /// `{"resultType":"…"`, for results that have their own `_meta`.
    bare: &'static str,
    /// The same with `"_meta":{"io.modelcontextprotocol/serverInfo":{…}}`.
    with_meta: String,
}

impl Head {
    fn new(bare: &'static str, server_info: &Value) -> Result<Self, serde_json::Error> {
        let mut with_meta = bare.to_owned();
        with_meta.push_str(r#","_meta":{"#);
        json::write(&mut with_meta, SERVER_INFO)?;
        with_meta.push(':');
        json::write(&mut with_meta, server_info)?;
        with_meta.push('}');
        Ok(Self { bare, with_meta })
    }

    /// Returns the head of a result with this `_meta`, and adds to that the server's identity.
    fn select(&self, meta: &mut Option<Meta>, server_info: &Value) -> &str {
        let Some(meta) = meta else { return &self.with_meta };
        if meta.get(SERVER_INFO).is_none() {
            meta.insert(SERVER_INFO, server_info.clone());
        }
        self.bare
    }
}

impl Encoder {
    /// Creates the encoder of one server.
    ///
    /// # Errors
    /// If `server_info` cannot be encoded as JSON.
    pub(crate) fn new(
        server_info: &Implementation,
        ttl_ms: u64,
        cache_scope: CacheScope,
    ) -> Result<Self, serde_json::Error> {
        let server_info = serde_json::to_value(server_info)?;
        Ok(Self {
            complete: Head::new(r#"{"resultType":"complete""#, &server_info)?,
            input_required: Head::new(r#"{"resultType":"input_required""#, &server_info)?,
            #[cfg(feature = "tasks")]
            task: Head::new(r#"{"resultType":"task""#, &server_info)?,
            server_info,
            ttl_ms,
            cache_scope,
        })
    }

    /// Adapts a result to the rules of a revision and encodes it.
    ///
    /// # Errors
    /// If the result cannot be encoded as JSON, for example because of a map whose keys are not
    /// strings.
    pub(crate) fn encode<T: WireResult>(
        &self,
        mut result: T,
        rules: &Rules,
    ) -> Result<JsonBytes, serde_json::Error> {
        result.project(rules);
        self.fit_cache(&mut result, rules);
        if !rules.result_type {
            let mut out = String::with_capacity(result.size_hint());
            json::write(&mut out, &result)?;
            return Ok(JsonBytes::from_trusted(out));
        }
        let head = self.complete.select(result.meta_mut(), &self.server_info);
        write(head, &result, result.size_hint())
    }

    /// Encodes the result of a custom method. Its members are kept. `resultType` and the server's
    /// identity are added if the revision has them and the result does not contain them. Null, the
    /// encoding of `()`, becomes an empty object.
    ///
    /// # Errors
    /// If the result is not an object, or cannot be encoded as JSON.
    pub(crate) fn encode_custom<T: Serialize>(
        &self,
        result: &T,
        rules: &Rules,
    ) -> Result<JsonBytes, serde_json::Error> {
        let mut members = match serde_json::to_value(result)? {
            Value::Object(members) => members,
            Value::Null => serde_json::Map::new(),
            _ => return Err(serde::ser::Error::custom("a result must be an object")),
        };
        if rules.result_type {
            members.entry("resultType").or_insert_with(|| "complete".into());
            let meta =
                members.entry("_meta").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Value::Object(meta) = meta {
                meta.entry(SERVER_INFO).or_insert_with(|| self.server_info.clone());
            }
        }
        JsonBytes::new(&members)
    }

    /// Encodes a result that requests input (since 2026-07-28). It has no cache fields (MRTR-14).
    ///
    /// # Errors
    /// If the result cannot be encoded as JSON.
    pub(crate) fn encode_input_required(
        &self,
        mut result: InputRequiredResult,
    ) -> Result<JsonBytes, serde_json::Error> {
        let head = self.input_required.select(&mut result.meta, &self.server_info);
        write(head, &result, 1 << 10)
    }

    /// Encodes the result of a call that runs as a task (since 2026-07-28).
    ///
    /// # Errors
    /// If the result cannot be encoded as JSON.
    #[cfg(feature = "tasks")]
    pub(crate) fn encode_task(
        &self,
        mut task: mcp_core::types::CreateTaskResult,
    ) -> Result<JsonBytes, serde_json::Error> {
        let head = self.task.select(&mut task.meta, &self.server_info);
        write(head, &task, 1 << 10)
    }

    fn fit_cache<T: WireResult>(&self, result: &mut T, rules: &Rules) {
        let Some((ttl_ms, cache_scope)) = result.cache_mut() else { return };
        if rules.cache_fields {
            ttl_ms.get_or_insert(self.ttl_ms);
            cache_scope.get_or_insert_with(|| self.cache_scope.clone());
        } else {
            *ttl_ms = None;
            *cache_scope = None;
        }
    }
}

/// Encodes an object, with the members of `head` first. `head` is an encoded object without its
/// closing brace.
fn write<T: Serialize>(
    head: &str,
    object: &T,
    size_hint: usize,
) -> Result<JsonBytes, serde_json::Error> {
    let mut out = String::with_capacity(head.len() + size_hint);
    out.push_str(head);
    let body = out.len();
    json::write(&mut out, object)?;
    // The opening brace of the body becomes the comma between the head and its members.
    if out.len() == body + 2 {
        out.truncate(body);
        out.push('}');
    } else {
        out.replace_range(body..=body, ",");
    }
    Ok(JsonBytes::from_trusted(out))
}
