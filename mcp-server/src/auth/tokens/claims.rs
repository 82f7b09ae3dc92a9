//! Claims, of tokens and of what an authorization server says about one. A claim of another type is
//! an error, and never ignored.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::auth::{Principal, Scopes};

/// Why a token is refused: "it …".
pub(super) type Reason = Cow<'static, str>;

/// By how much the clock of the authorization server may differ, unless the settings say otherwise.
pub(super) const LEEWAY: Duration = Duration::from_secs(60);

/// Most audiences of a token, unless the settings say otherwise.
pub(super) const MAX_AUDIENCES: usize = 100;

/// Most scopes of a claim that is an array. Fixed: the length of a token bounds what they hold.
const MAX_SCOPES: usize = 1_000;

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

/// Checks when a token is valid. Returns when it is no longer accepted, if it says so.
pub(super) fn check_times(
    claims: &Map<String, Value>,
    now: SystemTime,
    leeway: Duration,
) -> Result<Option<SystemTime>, Reason> {
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let expires_at = date(claims, "exp")?.map(|seconds| at(seconds) + leeway);
    if expires_at.is_some_and(|expires_at| now >= expires_at) {
        return Err("it has expired (exp)".into());
    }
    let latest = now + leeway;
    if date(claims, "nbf")?.is_some_and(|seconds| at(seconds) > latest) {
        return Err("it is not valid yet (nbf)".into());
    }
    if date(claims, "iat")?.is_some_and(|seconds| at(seconds) > latest) {
        return Err("it was issued in the future (iat)".into());
    }
    Ok(expires_at)
}

/// The scopes in the claims with these names.
pub(super) fn scopes(
    claims: &Map<String, Value>,
    names: &[impl AsRef<str>],
) -> Result<Scopes, Reason> {
    let mut scopes = Vec::new();
    for name in names {
        let values = texts(claims, name.as_ref(), MAX_SCOPES)?;
        scopes.extend(values.into_iter().flat_map(|text| text.split(' ')));
    }
    Ok(scopes.into_iter().collect())
}

/// The user, or the application that acts for itself. The user is in the first claim of `names`
/// that there is.
pub(super) fn principal(
    issuer: &str,
    claims: &Map<String, Value>,
    names: &[&str],
) -> Result<Principal, Reason> {
    let first =
        |names: &[&str]| names.iter().find_map(|name| text(claims, name).transpose()).transpose();
    let client = first(&["client_id", "azp"])?;
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('#');
    match (first(names)?, client) {
        // An id that begins with `#` could be read as that of an application.
        (Some(subject), _) if !is_name(subject) => Err("its subject (sub) is not usable".into()),
        (_, Some("")) => Err("its client_id is empty".into()),
        // RFC 9068 §2.2: the subject of a token that no user granted is the application. Users may
        // choose other names, such as `username`, so that those say nothing.
        (Some(_), Some(client)) if text(claims, "sub")? == Some(client) => {
            Ok(Principal::of_client(issuer, client))
        }
        (Some(subject), Some(client)) => {
            Ok(Principal::of_user(issuer, subject).with_client(client))
        }
        (Some(subject), None) => Ok(Principal::of_user(issuer, subject)),
        (None, Some(client)) => Ok(Principal::of_client(issuer, client)),
        (None, None) => Err("it has neither a subject (sub) nor a client (client_id, azp)".into()),
    }
}

/// The thumbprint of the key that the token is bound to. Other bindings, such as to a certificate,
/// cannot be checked here, so a token with one is refused.
pub(super) fn key_thumbprint(claims: &Map<String, Value>) -> Result<Option<String>, Reason> {
    match claims.get("cnf") {
        None => Ok(None),
        Some(Value::Object(cnf)) if cnf.len() == 1 => match cnf.get("jkt") {
            Some(Value::String(jkt)) if !jkt.is_empty() => Ok(Some(jkt.clone())),
            _ => Err("it is bound to a key (cnf) in a way that is not supported".into()),
        },
        Some(_) => Err("it is bound to a key (cnf) in a way that is not supported".into()),
    }
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
