//! Result → bytes, for the revision it answers in (step 7 of the walk of a call).

use serde::Serialize;
use serde_json::Value;

use mcp_core::json::JsonBytes;
use mcp_core::meta::SERVER_INFO;
use mcp_core::revision::{Revision, Rules};
use mcp_core::types::{CacheScope, Implementation, InputRequiredResult};

use super::result::WireResult;

/// Writes results. Holds what is the same in all of them, written once.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    /// `{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{…}}`, still open.
    modern: Vec<u8>,
    server_info: Value,
    /// `ttlMs` and `cacheScope` of results that say nothing themselves.
    ttl_ms: u64,
    cache_scope: CacheScope,
}

/// The same without `_meta`, for results that bring their own.
const MODERN_BARE: &[u8] = br#"{"resultType":"complete""#;

const INPUT_REQUIRED: &[u8] = br#"{"resultType":"input_required""#;

impl Encoder {
    /// An encoder for the results of one server.
    ///
    /// # Errors
    /// When `server_info` holds something that JSON cannot.
    pub(crate) fn new(
        server_info: &Implementation,
        ttl_ms: u64,
        cache_scope: CacheScope,
    ) -> Result<Self, serde_json::Error> {
        let server_info = serde_json::to_value(server_info)?;
        let mut modern = MODERN_BARE.to_vec();
        modern.extend_from_slice(br#","_meta":{"#);
        serde_json::to_writer(&mut modern, SERVER_INFO)?;
        modern.push(b':');
        serde_json::to_writer(&mut modern, &server_info)?;
        modern.push(b'}');
        Ok(Self { modern, server_info, ttl_ms, cache_scope })
    }

    /// Fits a result to a revision and writes it.
    ///
    /// # Errors
    /// When the result holds something that JSON cannot, such as a map whose keys are not strings.
    pub(crate) fn encode<T: WireResult>(
        &self,
        mut result: T,
        revision: Revision,
    ) -> Result<JsonBytes, serde_json::Error> {
        let rules = revision.rules();
        result.project(rules);
        self.fit_cache(&mut result, rules);
        if !rules.result_type {
            let mut out = Vec::with_capacity(result.size_hint());
            serde_json::to_writer(&mut out, &result)?;
            return Ok(JsonBytes::from_trusted(out));
        }
        let head = match result.meta_mut() {
            None => &self.modern,
            Some(meta) => {
                if meta.get(SERVER_INFO).is_none() {
                    meta.insert(SERVER_INFO, self.server_info.clone());
                }
                MODERN_BARE
            }
        };
        write(head, &result, result.size_hint())
    }

    /// Writes the result of a method that is not the protocol's: it keeps its members, and gets
    /// `resultType` and the server's identity where the revision has them and it brings none. Null,
    /// which is what `()` becomes, is an empty object.
    ///
    /// # Errors
    /// When the result is not an object, or holds something that JSON cannot.
    pub(crate) fn encode_custom<T: Serialize>(
        &self,
        result: &T,
        revision: Revision,
    ) -> Result<JsonBytes, serde_json::Error> {
        let mut members = match serde_json::to_value(result)? {
            Value::Object(members) => members,
            Value::Null => serde_json::Map::new(),
            _ => return Err(serde::ser::Error::custom("a result must be an object")),
        };
        if revision.rules().result_type {
            members.entry("resultType").or_insert_with(|| "complete".into());
            let meta =
                members.entry("_meta").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Value::Object(meta) = meta {
                meta.entry(SERVER_INFO).or_insert_with(|| self.server_info.clone());
            }
        }
        JsonBytes::new(&members)
    }

    /// Writes a result that asks for input (2026-07-28 on). It says nothing of caching (MRTR-14).
    ///
    /// # Errors
    /// When the result holds something that JSON cannot.
    pub(crate) fn encode_input_required(
        &self,
        mut result: InputRequiredResult,
    ) -> Result<JsonBytes, serde_json::Error> {
        let meta = result.meta.get_or_insert_default();
        if meta.get(SERVER_INFO).is_none() {
            meta.insert(SERVER_INFO, self.server_info.clone());
        }
        write(INPUT_REQUIRED, &result, 1 << 10)
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

/// Writes an object with the members of `head`, which is an object still open, before its own.
fn write<T: Serialize>(
    head: &[u8],
    object: &T,
    size_hint: usize,
) -> Result<JsonBytes, serde_json::Error> {
    let mut out = Vec::with_capacity(head.len() + size_hint);
    out.extend_from_slice(head);
    let body = out.len();
    serde_json::to_writer(&mut out, object)?;
    // The opening brace of the body becomes the comma between the head and its members.
    if out.len() == body + 2 {
        out.truncate(body);
        out.push(b'}');
    } else if let Some(brace) = out.get_mut(body) {
        *brace = b',';
    }
    Ok(JsonBytes::from_trusted(out))
}
