//! Event ids: a stream, the position in it, and, where several instances share their streams, the
//! instance that writes it.
//!
//! Only the stream of an id is replayed (SH-7). The part that names the stream is random, so an id
//! proves that its sender has read the stream.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Resumability and Redelivery.

use crate::instance::InstanceId;

/// `Last-Event-ID`: the stream, and the position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) stream: u64,
    /// The instance that writes the stream; `None` where instances share nothing.
    pub(super) instance: Option<InstanceId>,
    /// Whether it is the stream of what belongs to no call. False where instances share nothing.
    pub(super) is_standalone: bool,
    pub(super) sequence: u64,
}

impl EventId {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (stream, rest) = text.split_once('-')?;
        let (instance, is_standalone, sequence) = match rest.split_once('-') {
            None => (None, false, rest),
            Some((instance, sequence)) => {
                let (instance, is_standalone) = match instance.strip_suffix('s') {
                    Some(instance) => (instance, true),
                    None => (instance, false),
                };
                (Some(InstanceId::parse(instance)?), is_standalone, sequence)
            }
        };
        let is_ours =
            stream.len() == 16 && stream.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_plain = !sequence.is_empty() && sequence.bytes().all(|b| b.is_ascii_digit());
        if !is_ours || !is_plain {
            return None;
        }
        Some(Self {
            stream: u64::from_str_radix(stream, 16).ok()?,
            instance,
            is_standalone,
            sequence: sequence.parse().ok()?,
        })
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-", self.stream)?;
        if let Some(instance) = self.instance {
            write!(f, "{instance}{}-", if self.is_standalone { "s" } else { "" })?;
        }
        write!(f, "{}", self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_read_back_and_nothing_else_is_read() {
        let id = EventId { stream: 0xfe, instance: None, is_standalone: false, sequence: 12 };
        assert_eq!(id.to_string(), "00000000000000fe-12");
        assert_eq!(EventId::parse(&id.to_string()), Some(id));
        let instance = InstanceId::parse("00000000000000ab");
        let shared = EventId { instance, ..id };
        assert_eq!(shared.to_string(), "00000000000000fe-00000000000000ab-12");
        assert_eq!(EventId::parse(&shared.to_string()), Some(shared));
        let standalone = EventId { is_standalone: true, ..shared };
        assert_eq!(standalone.to_string(), "00000000000000fe-00000000000000abs-12");
        assert_eq!(EventId::parse(&standalone.to_string()), Some(standalone));
        let bad = ["", "-", "1-1", "00000000000000fe", "00000000000000fe-", "00000000000000FE-1"];
        let worse = ["00000000000000fe--1", "00000000000000fe-+1", "+0000000000000fe-1", "é-1"];
        let worst = ["00000000000000fe-ab-1", "00000000000000fe-00000000000000ab-"];
        let huge = "00000000000000fe-99999999999999999999";
        for text in bad.into_iter().chain(worse).chain(worst).chain([huge]) {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
