//! A token that never changes.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use http::uri::Scheme;
use mcp_core::http_client::BoxError;

use super::authorizer::{Authorizer, Refusal, Verdict};
use super::binding::Binding;

/// A fixed token: for servers whose tokens come from elsewhere, such as an environment variable.
///
/// It goes to the server over TLS alone, or within this machine.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_client::Client;
/// use mcp_client::http::BearerToken;
///
/// let token = BearerToken::new(&std::env::var("NOTES_TOKEN")?)?;
/// let builder = Client::builder().authorizer(token);
/// let client = builder.connect_http("https://mcp.example.com/mcp").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BearerToken {
    value: HeaderValue,
    over_plain_http: bool,
}

impl BearerToken {
    /// A token.
    ///
    /// ```
    /// use mcp_client::http::BearerToken;
    ///
    /// assert!(BearerToken::new("eyJhbGciOi").is_ok());
    /// let error = BearerToken::new("eyJhbGciOi\n").expect_err("the line break of a file");
    /// assert!(!error.to_string().contains("eyJ"), "{error}");
    /// ```
    ///
    /// # Errors
    /// If the token is empty, or has characters that a header field cannot hold, such as the line
    /// break at the end of a file. The error does not contain the token.
    pub fn new(token: &str) -> Result<Self, BearerTokenError> {
        if token.trim().is_empty() {
            return Err(BearerTokenError(Unusable::Empty));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            // A header field holds all characters but those that control a terminal.
            let index = token.bytes().position(|byte| byte.is_ascii_control() && byte != b'\t');
            BearerTokenError(Unusable::Control { index: index.unwrap_or_default() })
        })?;
        value.set_sensitive(true);
        Ok(Self { value, over_plain_http: false })
    }

    /// Allows the token to cross the network unencrypted, such as to a server behind the same
    /// proxy.
    ///
    /// ```
    /// use mcp_client::http::BearerToken;
    ///
    /// // Both containers are on the same machine, and the network between them has no other user.
    /// let token = BearerToken::new("eyJhbGciOi")?.over_plain_http();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn over_plain_http(mut self) -> Self {
        self.over_plain_http = true;
        self
    }
}

/// A string cannot be sent as a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BearerTokenError(Unusable);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Unusable {
    Empty,
    Control { index: usize },
}

impl fmt::Display for BearerTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unusable::Empty => f.write_str(
                "the bearer token is empty: set the variable or file that it is read from",
            ),
            Unusable::Control { index } => write!(
                f,
                "byte {index} of the bearer token is a control character, which a header field \
                 cannot hold: trim what was read from a file"
            ),
        }
    }
}

impl std::error::Error for BearerTokenError {}

#[async_trait]
impl Authorizer for BearerToken {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        let endpoint = binding.endpoint();
        let is_safe = endpoint.uri().scheme() == Some(&Scheme::HTTPS) || endpoint.is_loopback();
        if is_safe || self.over_plain_http {
            return Ok(());
        }
        let message = format!(
            "the token for {endpoint} would cross the network unencrypted: use an https URL, or \
             allow it with `BearerToken::over_plain_http`"
        );
        Err(message.into())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        request.headers_mut().insert(AUTHORIZATION, self.value.clone());
        Ok(())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        Ok(Verdict::GiveUp)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(***)")
    }
}
