//! The user's browser: visits a URL, logs in without a question, and says where it was sent back
//! to.

use mcp_client::http::{Bytes, HttpStack as _, Network, Request};
use mcp_client::oauth::AuthorizationUrl;

use crate::failure::Failure;

/// Where the browser would be sent back to. Nothing listens there.
pub(crate) const REDIRECT_URI: &str = "http://localhost:3000/callback";

pub(crate) async fn log_in(url: AuthorizationUrl) -> Result<String, Failure> {
    let request = Request::get(url.as_str()).body(Bytes::new())?;
    let response = Network::new().send(request).await?;
    let location = response.headers().get("location").and_then(|location| location.to_str().ok());
    let back = location.filter(|location| location.starts_with(REDIRECT_URI));
    back.map(str::to_owned)
        .ok_or_else(|| format!("no way back from the log-in: {}", response.status()).into())
}
