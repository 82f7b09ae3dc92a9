//! The user's browser: it opens the authorization URL, which logs in without interaction, and
//! returns the URL of the redirect.

use mcp_client::http::{Bytes, HttpStack as _, Network, Request};
use mcp_client::oauth::AuthorizationUrl;

use crate::failure::Failure;

/// The redirect URI. Nothing listens there, because the redirect is not followed.
pub(crate) const REDIRECT_URI: &str = "http://localhost:3000/callback";

pub(crate) async fn log_in(url: AuthorizationUrl) -> Result<String, Failure> {
    let request = Request::get(url.as_str()).body(Bytes::new())?;
    let response = Network::new().send(request).await?;
    let location = response.headers().get("location").and_then(|location| location.to_str().ok());
    let redirect = location.filter(|location| location.starts_with(REDIRECT_URI));
    redirect.map(str::to_owned).ok_or_else(|| {
        format!("the login did not redirect to {REDIRECT_URI}: {}", response.status()).into()
    })
}
