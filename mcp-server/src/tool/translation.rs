//! What became of the arguments of a call in the form of a dialect, and where its errors are in the
//! form that was sent.

use mcp_core::json::JsonBytes;
use serde_json::Value;

use crate::extract::{ArgumentErrors, escape};

/// What became of the arguments of a call of a tool with a dialect. It is an extension of the
/// request.
#[derive(Debug, Clone)]
pub(crate) enum Translation {
    /// They have the form of the schema as written, or are no object.
    AsSent,
    Translated(Translated),
    /// They cannot be translated. They are left as they are, and the call fails before its handler.
    Refused {
        sent: JsonBytes,
        errors: ArgumentErrors,
    },
}

/// Arguments in both forms.
#[derive(Debug, Clone)]
pub(crate) struct Translated {
    pub(crate) sent: JsonBytes,
    pub(crate) written: JsonBytes,
}

impl Translation {
    /// Returns the errors in these arguments, if they could not be translated. A layer may have
    /// replaced them by others.
    pub(crate) fn errors_in(&self, arguments: &str) -> Option<&ArgumentErrors> {
        match self {
            Self::Refused { sent, errors } if sent.as_str() == arguments => Some(errors),
            _ => None,
        }
    }
}

impl Translated {
    /// Returns errors about the written form with the places in the form that the client sent.
    pub(crate) fn in_sent_form(&self, errors: &ArgumentErrors) -> ArgumentErrors {
        let (sent, written) = (self.sent.parse(), self.written.parse());
        let (Ok(sent), Ok(written)) = (sent, written) else { return errors.clone() };
        ArgumentErrors::from_errors(
            errors.iter().map(|it| sent_place(it, &sent, &written)).collect(),
        )
    }
}

/// Rewrites the pointer at the start of an error of the form `pointer: reason`.
fn sent_place<'a>(error: &'a str, mut sent: &'a Value, mut written: &'a Value) -> String {
    let (mut pointer, mut rest) = (String::new(), error);
    while let Some((segment, inner)) = first_segment(rest, written) {
        // An untyped value was sent as a string, in which there is no place.
        if sent.is_string() {
            rest = after_pointer(rest, written);
            break;
        }
        let outer = match (sent, written) {
            (Value::Array(entries), Value::Object(_)) => {
                let key = |entry: &Value| {
                    let key = entry.get("key").and_then(Value::as_str);
                    key.is_some_and(|key| escape(key) == segment)
                };
                let Some(index) = entries.iter().position(key) else { break };
                pointer.push_str(&format!("/{index}/value"));
                entries[index].get("value")
            }
            (Value::Array(items), _) => {
                pointer.push_str(&format!("/{segment}"));
                segment.parse::<usize>().ok().and_then(|index| items.get(index))
            }
            _ => {
                pointer.push_str(&format!("/{segment}"));
                let members = sent.as_object();
                let member =
                    members.and_then(|it| it.iter().find(|(name, _)| escape(name) == segment));
                member.map(|(_, value)| value)
            }
        };
        rest = &rest[1 + segment.len()..];
        let Some(outer) = outer else { break };
        (sent, written) = (outer, inner);
    }
    format!("{pointer}{rest}")
}

/// Returns the first segment of the pointer that starts an error, and the value there, if there is
/// one. A name may contain what separates the pointer from the reason, so the longest is taken.
fn first_segment<'a>(error: &'a str, value: &'a Value) -> Option<(&'a str, &'a Value)> {
    let rest = error.strip_prefix('/')?;
    let is_end = |length: usize| rest[length..].starts_with(['/', ':']);
    match value {
        Value::Object(members) => {
            let found = members.iter().filter_map(|(name, value)| {
                let name = escape(name);
                (rest.starts_with(&*name) && is_end(name.len())).then_some((name.len(), value))
            });
            found.max_by_key(|(length, _)| *length).map(|(length, value)| (&rest[..length], value))
        }
        Value::Array(items) => {
            let length = rest.find(|next: char| !next.is_ascii_digit())?;
            let item = items.get(rest[..length].parse::<usize>().ok()?)?;
            is_end(length).then_some((&rest[..length], item))
        }
        _ => None,
    }
}

/// Returns what follows the pointer that starts an error.
fn after_pointer<'a>(mut error: &'a str, mut value: &'a Value) -> &'a str {
    while let Some((segment, inner)) = first_segment(error, value) {
        (error, value) = (&error[1 + segment.len()..], inner);
    }
    // A member that is missing.
    match error.starts_with('/') {
        true => error.find(": ").map_or(error, |at| &error[at..]),
        false => error,
    }
}
