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
            let (value, places) = match name {
                "params" => Places::read(reader)?,
                _ => (reader.value()?, None),
            };
            match envelope.member(name) {
                Some((member, _)) if member.is_some() => return None,
                Some((member, _)) => *member = Some(text.get(value)?),
                None if name.contains('\\') => return None,
                None => {}
            }
            envelope.places = envelope.places.or(places);
            Some(())
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
    fn member(&mut self, name: &str) -> Option<(&mut Option<&'a str>, &'static str)> {
        Some(match name {
            "jsonrpc" => (&mut self.version, "jsonrpc"),
            "id" => (&mut self.id, "id"),
            "method" => (&mut self.method, "method"),
            "params" => (&mut self.params, "params"),
            "result" => (&mut self.result, "result"),
            "error" => (&mut self.error, "error"),
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
            let Some((member, name)) = envelope.member(&name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let repeated = member.replace(map.next_value::<&RawValue>()?.get()).map(|_| name);
            envelope.repeated = envelope.repeated.or(repeated);
        }
        Ok(envelope)
    }
}
