//! The params of a request, written straight as text: one buffer from the arguments to the
//! connection.

use std::ops::Range;

use mcp_core::json::{self, JsonBytes, JsonObject};
use mcp_core::jsonrpc::{Params as SealedParams, RequestId};
use mcp_core::meta::{self, Meta};
use mcp_core::telemetry::TraceContext;
use mcp_core::types::LoggingLevel;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// A JSON object whose end is still open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    text: String,
    /// The members, so that the transport need not search them; `None` if something else wrote the
    /// text, or there are too many.
    members: Option<KnownMembers>,
}

/// The params of a round without `_meta`, with the end still open. The next round begins with them.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    sealed: JsonBytes,
    end: usize,
}

impl Base {
    /// Takes an object without its closing brace.
    pub(crate) fn from_open(text: &str) -> Self {
        Self { sealed: JsonBytes::from_trusted(format!("{text}}}")), end: text.len() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.sealed.as_str()[..self.end]
    }

    /// The params as they were sent, or will be.
    pub(crate) fn sealed(&self) -> JsonBytes {
        self.sealed.clone()
    }
}

/// The places of the values of members.
#[derive(Debug, Clone, Default)]
struct KnownMembers {
    places: [(&'static str, Range<usize>); KNOWN_MEMBERS],
    len: usize,
}

/// Number of members whose places are known at most: a call has a name, arguments and `_meta`.
const KNOWN_MEMBERS: usize = 3;

/// What goes into `_meta`.
pub(crate) struct MetaParts<'a> {
    /// The members that each request of a modern session has, as text.
    pub(crate) session: &'a str,
    pub(crate) progress_token: Option<&'a RequestId>,
    pub(crate) log_level: Option<LoggingLevel>,
    /// The trace that the request continues.
    pub(crate) trace: Option<&'a TraceContext>,
    pub(crate) user: Option<&'a Meta>,
}

impl<'a> MetaParts<'a> {
    /// Only what each request of the session has.
    pub(crate) fn of_session(session: &'a str) -> Self {
        Self { session, progress_token: None, log_level: None, trace: None, user: None }
    }
}

impl Params {
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(512);
        text.push('{');
        Self { text, members: Some(KnownMembers::default()) }
    }

    /// Continues the params of the round before.
    pub(crate) fn from_base(base: &Base) -> Self {
        let base = base.as_str();
        let mut text = String::with_capacity(base.len() + 512);
        text.push_str(base);
        Self { text, members: None }
    }

    /// Adds a member. The name needs no escapes.
    pub(crate) fn with<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<Self, Error> {
        let start = self.begin(name);
        json::write(&mut self.text, value).map_err(|error| Error::argument(name, error))?;
        self.end(name, start);
        Ok(self)
    }

    /// Adds a member that must be an object. Null and unit add none.
    pub(crate) fn with_object<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<Self, Error> {
        let before = self.text.len();
        let start = self.begin(name);
        json::write(&mut self.text, value).map_err(|error| Error::argument(name, error))?;
        match &self.text[start..] {
            object if object.starts_with('{') => self.end(name, start),
            "null" => self.text.truncate(before),
            _ => {
                let message = format!(
                    "{name} must be a JSON object, such as a struct, a map or json!({{…}})"
                );
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        Ok(self)
    }

    /// The params of a typed request, apart from their `_meta`.
    pub(crate) fn of<T: Serialize + ?Sized>(params: &T) -> Result<(Self, Option<Meta>), Error> {
        let invalid = |error| Error::argument("the params", error);
        let mut text = json::to_text(params).map_err(invalid)?;
        if text.starts_with('{') && memchr::memmem::find(text.as_bytes(), b"\"_meta\"").is_none() {
            text.pop();
            text.truncate(text.trim_end().len()); // `{ }` has no member.
            // As it is, down to the spelling of numbers.
            return Ok((Self { text, members: None }, None));
        }
        let mut members = match serde_json::from_str(&text).map_err(invalid)? {
            Value::Object(members) => members,
            Value::Null => JsonObject::new(),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "the params must be a JSON object",
                ));
            }
        };
        let meta = match members.shift_remove("_meta") {
            Some(Value::Object(meta)) => Some(Meta::from(meta)),
            _ => None,
        };
        let mut text = json::to_text(&members).map_err(invalid)?;
        text.pop();
        Ok((Self { text, members: None }, meta))
    }

    /// What names the request, without `_meta`: the key of a cached result.
    pub(crate) fn key(&self) -> Vec<u8> {
        let mut key = self.text.clone().into_bytes();
        key.push(b'}');
        key
    }

    /// A copy that is closed without `_meta`.
    pub(crate) fn without_meta(&self) -> SealedParams {
        self.clone().seal(&MetaParts::of_session("")).0
    }

    /// Adds `_meta` and closes the object. Also returns the part before it, for the next round.
    pub(crate) fn seal(mut self, parts: &MetaParts<'_>) -> (SealedParams, Base) {
        let end = self.text.len();
        self.write_meta(parts);
        self.text.push('}');
        let sealed = JsonBytes::from_trusted(self.text);
        let base = Base { sealed: sealed.clone(), end };
        let params = match self.members {
            Some(known) => {
                SealedParams::with_known_members(sealed, known.places.into_iter().take(known.len))
            }
            None => sealed.into(),
        };
        (params, base)
    }

    /// Writes the name of a member. Returns where its value starts.
    fn begin(&mut self, name: &str) -> usize {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self.text.len()
    }

    /// The value of a member is written.
    fn end(&mut self, name: &'static str, start: usize) {
        if let Some(known) = &mut self.members {
            match known.places.get_mut(known.len) {
                Some(place) => {
                    *place = (name, start..self.text.len());
                    known.len += 1;
                }
                None => self.members = None,
            }
        }
    }

    fn write_meta(&mut self, parts: &MetaParts<'_>) {
        let before = self.text.len();
        let value = self.begin("_meta");
        self.text.push('{');
        let start = self.text.len();
        self.text.push_str(parts.session);
        if let Some(token) = parts.progress_token {
            self.meta_member(start, meta::PROGRESS_TOKEN, token);
        }
        if let Some(level) = &parts.log_level {
            self.meta_member(start, meta::LOG_LEVEL, level);
        }
        for (key, value) in parts.trace.iter().flat_map(|trace| trace.members()) {
            if parts.user.is_none_or(|user| user.get(key).is_none()) {
                self.meta_member(start, key, value);
            }
        }
        for (key, value) in parts.user.iter().flat_map(|meta| meta.iter()) {
            let written = match key {
                // Only a modern session has them, and writes them itself.
                meta::PROTOCOL_VERSION | meta::CLIENT_INFO | meta::CLIENT_CAPABILITIES => true,
                meta::PROGRESS_TOKEN => parts.progress_token.is_some(),
                meta::LOG_LEVEL => parts.log_level.is_some(),
                _ => false,
            };
            if !written {
                self.meta_member(start, key, value);
            }
        }
        if self.text.len() == start {
            self.text.truncate(before); // Nothing to say.
        } else {
            self.text.push('}');
            self.end("_meta", value);
        }
    }

    fn meta_member<T: Serialize + ?Sized>(&mut self, start: usize, key: &str, value: &T) {
        let before = self.text.len();
        if before > start {
            self.text.push(',');
        }
        // Strings, ids and JSON values can always be written.
        let written = json::write(&mut self.text, key).and_then(|()| {
            self.text.push(':');
            json::write(&mut self.text, value)
        });
        if written.is_err() {
            self.text.truncate(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sealed(params: Params, session: &str, user: Option<&Meta>) -> String {
        let parts = MetaParts {
            session,
            progress_token: Some(&RequestId::Number(7)),
            log_level: None,
            trace: None,
            user,
        };
        params.seal(&parts).0.as_str().to_owned()
    }

    #[test]
    fn members_meta_and_their_order() {
        let params = Params::new()
            .with("name", "a\"b")
            .unwrap()
            .with_object("arguments", &json!({"x": 1}))
            .unwrap();
        assert_eq!(
            sealed(params, r#""k":"v""#, Some(&Meta::new().with("u", 1).with("progressToken", 9))),
            r#"{"name":"a\"b","arguments":{"x":1},"_meta":{"k":"v","progressToken":7,"u":1}}"#
        );
        let (params, meta) = Params::of(&json!({"_meta": {"a": 1}, "cursor": ""})).unwrap();
        assert_eq!(
            sealed(params, "", meta.as_ref()),
            r#"{"cursor":"","_meta":{"progressToken":7,"a":1}}"#
        );
    }

    #[test]
    fn the_places_of_members_are_those_that_a_search_finds() {
        let params = || Params::new().with("name", "a\"b").unwrap();
        for params in [
            Params::new(),
            params(),
            params().with_object("arguments", &()).unwrap(),
            params().with_object("arguments", &json!({"name": [1, "_meta"]})).unwrap(),
            params().with("uri", "file:///").unwrap().with("x", &1).unwrap().with("y", "").unwrap(),
        ] {
            for session in ["", r#""k":{"name":"v"}"#] {
                let (sealed, _) = params.clone().seal(&MetaParts::of_session(session));
                let searched = SealedParams::from(JsonBytes::from(sealed.clone()));
                let names = ["_meta", "name", "arguments", "uri"];
                assert_eq!(sealed.members(names), searched.members(names), "{searched:?}");
            }
        }
    }

    #[test]
    fn arguments_are_an_object_or_nothing() {
        let none = Params::new().with_object("arguments", &()).unwrap();
        assert_eq!(none.key(), b"{}");
        let error = Params::new().with_object("arguments", &[1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn nothing_to_say_leaves_no_meta() {
        assert_eq!(Params::new().seal(&MetaParts::of_session("")).0.as_bytes(), b"{}");
    }
}
