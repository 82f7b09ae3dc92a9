//! The context of a trace in `_meta`. Spec: basic, "General fields"; W3C Trace Context and Baggage.

use crate::meta::{BAGGAGE, Meta, TRACEPARENT, TRACESTATE};

/// Maximum length of `tracestate`, in bytes; a longer one is ignored. Fixed: W3C Trace Context asks
/// for at least 512, and a caller chooses the text, which each request of the trace repeats.
const MAX_TRACESTATE_BYTES: usize = 512;
/// Maximum length of `baggage`, in bytes; a longer one is ignored. Fixed: W3C Baggage asks for at
/// least 8192.
const MAX_BAGGAGE_BYTES: usize = 8_192;

/// The context of a trace: what W3C Trace Context and W3C Baggage define, as `_meta` carries it.
///
/// A sender can put anything into it. Never base a security decision on it.
///
/// ```
/// use mcp_core::telemetry::TraceContext;
///
/// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context = TraceContext::new(Some(parent), None, Some("tenant=blue"));
/// let context = context.expect("a valid context");
/// assert_eq!(context.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
/// assert!(TraceContext::new(Some("00-0-0-00"), None, None).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: Option<Box<str>>,
    tracestate: Option<Box<str>>,
    baggage: Option<Box<str>>,
}

impl TraceContext {
    /// Creates a context from its parts. Parts that are not valid are left out, and `tracestate` is
    /// left out without a `traceparent`. `None` if nothing is left.
    #[must_use]
    pub fn new(
        traceparent: Option<&str>,
        tracestate: Option<&str>,
        baggage: Option<&str>,
    ) -> Option<Self> {
        let traceparent = traceparent.filter(|text| is_traceparent(text));
        let tracestate = tracestate.filter(|text| {
            traceparent.is_some() && is_visible(text) && text.len() <= MAX_TRACESTATE_BYTES
        });
        let baggage = baggage.filter(|text| is_visible(text) && text.len() <= MAX_BAGGAGE_BYTES);
        if traceparent.is_none() && baggage.is_none() {
            return None;
        }
        Some(Self {
            traceparent: traceparent.map(Into::into),
            tracestate: tracestate.map(Into::into),
            baggage: baggage.map(Into::into),
        })
    }

    /// Reads the context of a `_meta` object. `None` if it has no valid one.
    #[must_use]
    pub fn of(meta: &Meta) -> Option<Self> {
        Self::new(meta.traceparent(), meta.tracestate(), meta.baggage())
    }

    /// Returns the `traceparent`: version, trace id, span id and flags.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    /// Returns the `tracestate`: what tracing systems add.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }

    /// Returns the `baggage`: names and values that travel with the trace.
    #[must_use]
    pub fn baggage(&self) -> Option<&str> {
        self.baggage.as_deref()
    }

    /// Returns the id of the trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.get(3..35)
    }

    /// Returns the keys and values of `_meta`.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [(TRACEPARENT, &self.traceparent), (TRACESTATE, &self.tracestate), (BAGGAGE, &self.baggage)]
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }
}

/// Whether a text is `version-trace id-span id-flags`. Later versions may have more parts.
fn is_traceparent(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| {
        let digits = text.as_bytes().get(range)?;
        let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        digits.iter().all(is_hex).then_some(digits)
    };
    let is_zero = |digits: &[u8]| digits.iter().all(|digit| *digit == b'0');
    let (Some(version), Some(trace), Some(span), Some(_)) =
        (part(0..2), part(3..35), part(36..52), part(53..55))
    else {
        return false;
    };
    let dashes = [2, 35, 52].into_iter().all(|at| text.as_bytes()[at] == b'-');
    let has_more = text.len() > 55;
    let is_more_allowed = version != b"00" && text.as_bytes().get(55) == Some(&b'-');
    dashes
        && version != b"ff"
        && !is_zero(trace)
        && !is_zero(span)
        && (!has_more || (is_more_allowed && text.len() <= 512 && is_visible(text)))
}

/// Whether a text can be part of a header or a log line.
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_not_valid_is_left_out() {
        let is_valid = |text: &str| TraceContext::new(Some(text), None, None).is_some();
        assert!(is_valid(PARENT));
        assert!(is_valid(&PARENT.replacen("00", "01", 1)));
        assert!(is_valid(&format!("{}-more", PARENT.replacen("00", "01", 1))));
        for invalid in [
            "".to_owned(),
            PARENT.to_uppercase(),
            PARENT.replacen("00", "ff", 1),
            PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            PARENT.replace('-', "_"),
            format!("{PARENT}-more"),
            format!("{PARENT}0"),
            PARENT[..54].to_owned(),
            format!("é{PARENT}"),
        ] {
            assert!(!is_valid(&invalid), "{invalid}");
        }
    }

    #[test]
    fn the_lengths_of_state_and_baggage_are_limited() {
        let read = |state: usize, baggage: usize| {
            let (state, baggage) = ("s".repeat(state), "b".repeat(baggage));
            let context = TraceContext::new(Some(PARENT), Some(&state), Some(&baggage)).unwrap();
            (context.tracestate().is_some(), context.baggage().is_some())
        };
        assert_eq!(read(512, 8_192), (true, true));
        assert_eq!(read(513, 8_193), (false, false));
        let forged = TraceContext::new(Some(PARENT), Some("a\nb"), Some("a\u{1b}b")).unwrap();
        assert_eq!(forged.members().count(), 1);
        assert!(TraceContext::new(None, Some("a=b"), None).is_none());
    }
}
