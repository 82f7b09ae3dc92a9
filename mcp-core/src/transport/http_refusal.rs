//! What an HTTP server answered in place of a message.

use std::fmt;

use crate::oauth::Challenge;
use crate::text::{PeerText, prefix};

/// Maximum length of the text that is kept of a body, and of the challenges together, in bytes.
/// Fixed: the text of a refusal is for people, and a challenge has a few parameters.
const MAX_TEXT_BYTES: usize = 4 << 10;

/// An answer of an HTTP server that refuses a request: its status, what it wants before it answers
/// (`WWW-Authenticate`), and the text of its body.
///
/// All of it was written by the server. The accessors return it as it came; `Display` and `Debug`
/// escape it and cut it, as [`PeerText`] does.
///
/// ```
/// use mcp_core::transport::HttpRefusal;
///
/// let refusal = HttpRefusal::new(401)
///     .with_challenge(b"Bearer scope=\"notes:read\"")
///     .with_body(b"log in first");
/// assert_eq!(refusal.challenges()[0].get("scope"), Some("notes:read"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRefusal {
    status: u16,
    challenge: String,
    body: String,
}

impl HttpRefusal {
    /// Creates a refusal without a challenge and without a body.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// assert_eq!(HttpRefusal::new(503).status(), 503);
    /// ```
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, challenge: String::new(), body: String::new() }
    }

    /// Adds a field `WWW-Authenticate`. One that makes the challenges longer than 4 KiB is left
    /// out, and so is one that is not text.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// let refusal =
    ///     HttpRefusal::new(401).with_challenge(b"Bearer").with_challenge(b"DPoP algs=ES256");
    /// assert_eq!(refusal.challenge(), Some("Bearer, DPoP algs=ES256"));
    /// ```
    #[must_use]
    pub fn with_challenge(mut self, field: &[u8]) -> Self {
        if let Ok(field) = std::str::from_utf8(field)
            && self.challenge.len() + field.len() + 2 <= MAX_TEXT_BYTES
        {
            if !self.challenge.is_empty() {
                self.challenge.push_str(", ");
            }
            self.challenge.push_str(field);
        }
        self
    }

    /// Sets the body, cut to 4 KiB. Bytes that are not UTF-8 are replaced.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// let refusal = HttpRefusal::new(503).with_body(b"closed for maintenance");
    /// assert_eq!(refusal.body(), Some("closed for maintenance"));
    /// ```
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&body[..body.len().min(MAX_TEXT_BYTES)]);
        self.body = prefix(&text, MAX_TEXT_BYTES).to_owned();
        self
    }

    /// Returns the status, such as 401.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// fn is_for_credentials(refusal: &HttpRefusal) -> bool {
    ///     matches!(refusal.status(), 401 | 403)
    /// }
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the text of the fields `WWW-Authenticate`, with a comma between them; `None` if
    /// there are none.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// let refusal = HttpRefusal::new(401).with_challenge(b"Bearer error=\"invalid_token\"");
    /// assert_eq!(refusal.challenge(), Some(r#"Bearer error="invalid_token""#));
    /// ```
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        (!self.challenge.is_empty()).then_some(&*self.challenge)
    }

    /// Returns the challenges in those fields.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// /// The scopes that a server wants.
    /// fn wanted(refusal: &HttpRefusal) -> Vec<String> {
    ///     let challenges = refusal.challenges();
    ///     let scopes = challenges.iter().filter_map(|challenge| challenge.get("scope"));
    ///     scopes.map(str::to_owned).collect()
    /// }
    /// ```
    #[must_use]
    pub fn challenges(&self) -> Vec<Challenge> {
        Challenge::parse(self.challenge.as_bytes())
    }

    /// Returns the text of the body, or the first 4 KiB of it; `None` if it is empty, or was not
    /// read.
    ///
    /// ```
    /// use mcp_core::transport::HttpRefusal;
    ///
    /// fn shown(refusal: &HttpRefusal) -> String {
    ///     // `Display` escapes what the server wrote; this is for a program that reads it.
    ///     refusal.body().unwrap_or("no text").to_owned()
    /// }
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        (!self.body.is_empty()).then_some(&*self.body)
    }
}

impl fmt::Display for HttpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(challenge) = self.challenge() {
            write!(f, ", {}", PeerText::new(challenge))?;
        }
        match self.body() {
            Some(body) => write!(f, ": {}", PeerText::new(body.trim())),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for HttpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRefusal({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_is_shown_is_escaped() {
        let long = HttpRefusal::new(403)
            .with_challenge(b"Basic realm=\"a\"")
            .with_challenge(&[b'x'; MAX_TEXT_BYTES])
            .with_challenge(b"\xff")
            .with_challenge(b"Bearer scope=\"files\"")
            .with_body(&[0xff; 2 * MAX_TEXT_BYTES]);
        assert_eq!(long.challenge(), Some("Basic realm=\"a\", Bearer scope=\"files\""));
        assert_eq!(long.challenges()[1].get("scope"), Some("files"));
        assert!(long.body().is_some_and(|body| body.len() <= MAX_TEXT_BYTES && body.len() > 4_000));
        let forged = HttpRefusal::new(401).with_body(b"no\n2026 ERROR forged\x1b[2J");
        assert_eq!(forged.body(), Some("no\n2026 ERROR forged\u{1b}[2J"));
        assert_eq!(forged.to_string(), "401: no\\n2026 ERROR forged\\u{1b}[2J");
        assert_eq!(HttpRefusal::new(401).challenge(), None);
        assert_eq!(HttpRefusal::new(401).body(), None);
    }
}
