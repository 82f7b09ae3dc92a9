//! What the status of a response means.

use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use mcp_core::http::names::JSON;
use mcp_core::text::PeerText;
use mcp_core::transport::{HttpRefusal, TransportError, TransportErrorKind};

/// Whether a response asks for credentials. A 403 without a challenge may be about anything, such
/// as the `Host` of the request.
pub(crate) fn needs_credentials(status: StatusCode, headers: &HeaderMap) -> bool {
    match status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::FORBIDDEN => headers.contains_key(WWW_AUTHENTICATE),
        _ => false,
    }
}

/// The error for a response that is no success, with the text of its body if that is for people.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    has_authorizer: bool,
) -> TransportError {
    let mut message = format!("the server answered {}", status_text(status));
    let needs_credentials = needs_credentials(status, headers);
    if needs_credentials {
        message.push_str(match has_authorizer {
            true => ", and its credentials were not enough",
            false => ", and this client has no authorizer",
        });
    }
    let media_type = media_type(headers);
    let is_text = media_type.eq_ignore_ascii_case("text/plain");
    if is_text || media_type.eq_ignore_ascii_case(JSON) {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if !text.is_empty() {
            message = format!("{message}: {}", PeerText::new(text));
        }
    }
    let error = match needs_credentials {
        true => TransportError::new(TransportErrorKind::Unauthorized, message),
        false => TransportError::refused(status.as_u16(), message),
    };
    error.with_refusal(kept(status, headers).with_body(body))
}

/// What an error keeps of a refusal, apart from the body.
pub(crate) fn kept(status: StatusCode, headers: &HeaderMap) -> HttpRefusal {
    let refusal = HttpRefusal::new(status.as_u16());
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    challenges.fold(refusal, |refusal, field| refusal.with_challenge(field.as_bytes()))
}

/// A status with its name.
pub(crate) fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} ({reason})", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// The media type of a body, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
