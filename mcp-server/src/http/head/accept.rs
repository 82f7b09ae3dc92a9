//! `Accept`: which media types the client reads as a response.

use http::HeaderMap;
use http::header::ACCEPT;
use mcp_core::http::names::{EVENT_STREAM, JSON};

use super::fields::Field;

/// What nearly every client sends: the specification names both, in this order.
const USUAL: &str = "application/json, text/event-stream";

/// What the client reads as a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Accepts {
    pub(in crate::http) json: bool,
    pub(in crate::http) events: bool,
}

impl Accepts {
    /// Reads the header. A request without it accepts everything, as HTTP defines.
    pub(in crate::http) fn read(field: Field<'_>, headers: &HeaderMap) -> Self {
        if field.is(USUAL) { Self { json: true, events: true } } else { Self::parse(headers) }
    }

    fn parse(headers: &HeaderMap) -> Self {
        let mut accepts = Self { json: false, events: false };
        let mut is_stated = false;
        let values = headers.get_all(ACCEPT).iter().map(http::HeaderValue::as_bytes);
        for range in values.flat_map(|value| value.split(|byte| *byte == b',')) {
            let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let media = parts.next().unwrap_or_default();
            is_stated |= !media.is_empty();
            if parts.any(is_refusal) {
                continue;
            }
            let is = |name: &str| media.eq_ignore_ascii_case(name.as_bytes());
            accepts.json |= is(JSON) || is("application/*") || is("*/*");
            accepts.events |= is(EVENT_STREAM) || is("text/*") || is("*/*");
        }
        if is_stated { accepts } else { Self { json: true, events: true } }
    }
}

/// Whether a parameter is a weight of zero, which excludes the media type.
fn is_refusal(parameter: &[u8]) -> bool {
    let Some((name, weight)) = parameter.split_at_checked(2) else { return false };
    name.eq_ignore_ascii_case(b"q=")
        && std::str::from_utf8(weight).is_ok_and(|weight| weight.trim().parse() == Ok(0.0_f32))
}

#[cfg(test)]
mod tests {
    use super::super::fields::Fields;
    use super::*;

    fn read(values: &[&str]) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        let accepts = Accepts::read(Fields::read(&headers).accept, &headers);
        assert_eq!(accepts, Accepts::parse(&headers), "{values:?}");
        (accepts.json, accepts.events)
    }

    #[test]
    fn media_types_wildcards_and_weights_are_read() {
        for (values, expected) in [
            (&[][..], (true, true)),
            (&[""], (true, true)),
            (&["application/json"], (true, false)),
            (&["Application/JSON ; q=0.5"], (true, false)),
            (&["text/event-stream"], (false, true)),
            (&["application/json, text/event-stream"], (true, true)),
            (&["application/json", "text/event-stream"], (true, true)),
            (&["*/*"], (true, true)),
            (&["application/*"], (true, false)),
            (&["text/*, application/json;q=0"], (false, true)),
            (&["application/json;q=0.000, text/event-stream;Q=0"], (false, false)),
            (&["text/html"], (false, false)),
        ] {
            assert_eq!(read(values), expected, "{values:?}");
        }
    }
}
