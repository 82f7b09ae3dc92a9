//! The members of a message whose kind is not known yet.
//!
//! There are two readers. [`Envelope::read`] is one strict pass, for usual messages. It accepts
//! only what [`Envelope::parse`] accepts, which is slower and decides about all the others:
//! messages that are malformed, exceed a limit or have a member twice, and names with escapes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::params::Places;
use crate::codec::strict::StrictReader;
use crate::limits::ConnectionLimits;

/// The members of a message whose kind is not known yet, as JSON text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Envelope<'a> {
    pub(super) version: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) method: Option<&'a str>,
    pub(super) params: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    /// The places of the members of `params`, if they were noted.
    pub(super) places: Option<Places>,
    /// A member that occurs more than once.
    pub(super) repeated: Option<&'static str>,
}

impl<'a> Envelope<'a> {
    /// Reads a usual message in one pass. `None` means that [`scan`](crate::codec::scan::scan) and
    /// [`parse`](Self::parse) have to decide.
    pub(super) fn read(text: &'a str, limits: &ConnectionLimits) -> Option<Self> {
        let mut reader = StrictReader::new(text, limits.max_json_depth, limits.max_json_nodes);
        let mut envelope = Self::default();
        reader.object(|reader, name| {
            reader.token()?;
            let start = reader.position();
            if name == b"params" {
                envelope.places = Places::read(reader)?;
            } else {
                reader.value()?;
            }
            let Some((member, _)) = envelope.member(name) else {
                return Some(());
            };
            let value = text.get(start..reader.position())?;
            member.replace(value).is_none().then_some(())
        })?;
        reader.is_at_end().then_some(envelope)
    }

    /// Parses a message that [`scan`](crate::codec::scan::scan) has accepted.
    ///
    /// # Errors
    /// If the text is not a JSON object, or has a name that is not text.
    pub(super) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns the member with a name, and the name.
    fn member(&mut self, name: &[u8]) -> Option<(&mut Option<&'a str>, &'static str)> {
        Some(match name {
            b"jsonrpc" => (&mut self.version, "jsonrpc"),
            b"id" => (&mut self.id, "id"),
            b"method" => (&mut self.method, "method"),
            b"params" => (&mut self.params, "params"),
            b"result" => (&mut self.result, "result"),
            b"error" => (&mut self.error, "error"),
            _ => return None,
        })
    }
}

/// Hand-written, because a derived enum of messages would try one variant after the other, could
/// accept a member that occurs twice, and cannot hold raw JSON (THREAT-13 to THREAT-18).
impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(Name(name)) = map.next_key()? {
            let Some((member, name)) = envelope.member(name.as_bytes()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let repeated = member.replace(map.next_value::<&RawValue>()?.get()).map(|_| name);
            envelope.repeated = envelope.repeated.or(repeated);
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Envelope<'_>> {
        Envelope::read(text, &ConnectionLimits::default())
    }

    #[test]
    fn usual_messages_are_read_in_one_pass_with_the_members_that_the_parser_finds() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{}}}"#,
            r#"{"jsonrpc":"2.0","id":"a\"b","method":"tools\/call","params":{"_meta":{"a":[1]}}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "{ \"params\" : null ,\t\"method\":\"m\", \"other\": {\"a\":1}, \"jsonrpc\":\"2.0\" }\r\n",
            r#"{"jsonrpc":"2.0","id":1,"result":{"a":[1,2,{"b":"é"}]}}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"bad"}}"#,
            r#"{"jsonrpc":2,"id":{},"method":[],"params":1,"result":"","error":false}"#,
            "{}",
        ] {
            let envelope = read(text).expect(text);
            let places = envelope.places;
            assert_eq!(envelope, Envelope { places, ..Envelope::parse(text).unwrap() }, "{text}");
        }
    }

    #[test]
    fn unusual_messages_are_left_to_the_parser() {
        for text in [
            r#"[{"jsonrpc":"2.0","method":"m"}]"#,
            r#"{"jsonrpc":"2.0","i\u0064":1,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","other":{"\u0061":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","params":{},"params":{},"method":"m"}"#,
            r#"{"jsonrpc":"2.0","method":"m","a":01}"#,
            r#"{"jsonrpc":"2.0","method":"m"} {}"#,
            "1",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let deep = format!(r#"{{"params":{}{}}}"#, "[".repeat(64), "]".repeat(64));
        assert_eq!(read(&deep), None);
    }
}
