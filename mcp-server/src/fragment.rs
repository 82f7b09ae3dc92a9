//! URI fragments: percent-encoding, and the references within a JSON document.

use std::borrow::Cow;

use serde_json::Value;

/// Percent-decodes once. `None` for an invalid escape or bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns the target of a reference within a document: `#` and a JSON pointer, percent-encoded as
/// a fragment is. `None` for other references, and for those that lead to nothing.
pub(crate) fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    locate(document, reference).map(|(_, target)| target)
}

/// Returns the same, with the JSON pointer to it.
pub(crate) fn locate<'a, 'r>(
    document: &'a Value,
    reference: &'r str,
) -> Option<(Cow<'r, str>, &'a Value)> {
    let fragment = reference.strip_prefix('#')?;
    if let Some(target) = document.pointer(fragment) {
        return Some((Cow::Borrowed(fragment), target));
    }
    let pointer = percent_decode(fragment)?;
    let target = document.pointer(&pointer)?;
    Some((Cow::Owned(pointer), target))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_percent_decoded_once() {
        let document = json!({"Page<u8>": 1, "%41": 2, "A": 3, "Größe": {"a/b": 4}});
        let of = |reference| resolve(&document, reference).and_then(Value::as_u64);
        for (reference, target) in [
            ("#/Page%3Cu8%3E", Some(1)),
            ("#/%41", Some(2)),
            ("#/%2541", Some(2)),
            ("#/Gr%C3%B6%C3%9Fe/a~1b", Some(4)),
            ("#/%+1", None),
            ("#/%C3", None),
            ("#/B", None),
            ("A", None),
        ] {
            assert_eq!(of(reference), target, "{reference}");
        }
    }
}
