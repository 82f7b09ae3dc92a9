//! Claims by their type. A claim of another type is an error, and never ignored.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Why a token is refused: "it …".
pub(super) type Reason = Cow<'static, str>;

/// Latest `NumericDate`: the end of the year 9999, in seconds. Fixed: a later date is a mistake,
/// such as milliseconds.
const MAX_NUMERIC_DATE: u64 = 253_402_300_799;

/// A claim that is a text.
pub(super) fn text<'a>(
    claims: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("its {name} is not a string").into()),
    }
}

/// A claim that is a text or an array of texts, of which there may be `max`.
pub(super) fn texts<'a>(
    claims: &'a Map<String, Value>,
    name: &str,
    max: usize,
) -> Result<Vec<&'a str>, Reason> {
    match claims.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(list)) if list.len() > max => {
            Err(format!("its {name} has {} values, more than {max}", list.len()).into())
        }
        Some(Value::Array(list)) => {
            list.iter().map(|value| value.as_str().ok_or_else(|| not_texts(name))).collect()
        }
        Some(_) => Err(not_texts(name)),
    }
}

fn not_texts(name: &str) -> Reason {
    format!("its {name} is neither a string nor an array of strings").into()
}

/// A claim that is a time, in seconds since the Unix epoch. RFC 7519 §2 allows fractions of a
/// second, which are dropped. Negative times, and those after the year 9999, are refused.
pub(super) fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Reason> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let wrong = |what: &str| Err(Reason::from(format!("its {name} is {what}")));
    let Value::Number(number) = value else { return wrong("not a number") };
    let seconds = match (number.as_u64(), number.as_f64()) {
        (Some(seconds), _) => seconds,
        (None, Some(float)) if float < 0.0 => return wrong("negative"),
        // A conversion saturates, and what is too large is refused below.
        (None, Some(float)) if float.is_finite() => float as u64,
        _ => return wrong("not a number"),
    };
    if seconds > MAX_NUMERIC_DATE { wrong("after the year 9999") } else { Ok(Some(seconds)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_date_is_a_number_of_seconds_that_may_have_a_fraction() {
        let read = |value: Value| {
            let Value::Object(claims) = json!({"exp": value}) else { panic!("an object") };
            date(&claims, "exp").map(Option::unwrap)
        };
        assert_eq!(read(json!(0)), Ok(0));
        assert_eq!(read(json!(1_700_000_000)), Ok(1_700_000_000));
        assert_eq!(read(json!(1_700_000_000.9)), Ok(1_700_000_000));
        assert_eq!(read(json!(1.7e9)), Ok(1_700_000_000));
        assert_eq!(read(json!(MAX_NUMERIC_DATE)), Ok(MAX_NUMERIC_DATE));
        for (value, reason) in [
            (json!(MAX_NUMERIC_DATE + 1), "its exp is after the year 9999"),
            (json!(1_700_000_000_000_u64), "its exp is after the year 9999"),
            (json!(1e300), "its exp is after the year 9999"),
            (json!(u64::MAX), "its exp is after the year 9999"),
            (json!(-1), "its exp is negative"),
            (json!(-0.5), "its exp is negative"),
            (json!("1700000000"), "its exp is not a number"),
            (json!(null), "its exp is not a number"),
            (json!(true), "its exp is not a number"),
            (json!([1]), "its exp is not a number"),
        ] {
            assert_eq!(read(value.clone()).unwrap_err(), reason, "{value}");
        }
    }
}
