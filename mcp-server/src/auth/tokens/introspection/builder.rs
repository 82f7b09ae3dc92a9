//! The settings of introspection.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use mcp_core::fetch::{Fetcher, Guard, PrivateHosts, Secret, SettingNames, basic_credentials};
use mcp_core::http_client::HttpStack;
use mcp_core::http_client::url::ShownUrl;
use mcp_core::jose::SigningKey;

use super::answer::TokenRules;
use super::credentials::Credentials;
use super::limits::IntrospectionLimits;
use super::verifier::IntrospectionVerifier;
use crate::auth::tokens::verify::Audience;
use crate::error::BuildError;

/// Builds an [`IntrospectionVerifier`].
#[must_use = "a verifier is made by `build`"]
pub struct IntrospectionBuilder {
    issuer: String,
    endpoint: String,
    credentials: Result<Option<Credentials>, String>,
    audiences: Option<Vec<String>>,
    private_hosts: PrivateHosts,
    stack: Option<Arc<dyn HttpStack>>,
    limits: IntrospectionLimits,
}

impl IntrospectionVerifier {
    /// Begins with the issuer of the tokens and the URL of its introspection endpoint.
    pub fn builder(issuer: impl Into<String>, endpoint: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder {
            issuer: issuer.into(),
            endpoint: endpoint.into(),
            credentials: Ok(None),
            audiences: None,
            private_hosts: PrivateHosts::default(),
            stack: None,
            limits: IntrospectionLimits::new(),
        }
    }
}

impl IntrospectionBuilder {
    /// Authenticates this server by a secret in the header (`client_secret_basic`).
    pub fn client_secret_basic(mut self, client: &str, secret: impl Into<Secret>) -> Self {
        self.credentials = basic_credentials(client, &secret.into())
            .map(|value| Some(Credentials::Basic(value)))
            .map_err(|error| {
                format!("the client secret does not fit into a header field: {error}")
            });
        self
    }

    /// Authenticates this server by a secret in the form (`client_secret_post`).
    pub fn client_secret_post(
        mut self,
        client: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Self {
        let (client, secret) = (client.into(), secret.into());
        self.credentials = Ok(Some(Credentials::Post { client, secret }));
        self
    }

    /// Authenticates this server by its key (`private_key_jwt`).
    pub fn private_key_jwt(mut self, client: impl Into<String>, key: SigningKey) -> Self {
        self.credentials = Ok(Some(Credentials::Key { client: client.into(), key }));
        self
    }

    /// Accepts tokens for one of these audiences. By default, tokens whose audience is the URL of
    /// the server.
    pub fn audiences(mut self, audiences: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.audiences = Some(audiences.into_iter().map(Into::into).collect());
        self
    }

    /// Allows an endpoint on a private network or on this machine, whose host is named here too:
    /// names, addresses, and names with a leading dot for everything below them.
    pub fn allow_private_hosts(mut self, hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.private_hosts = PrivateHosts::new(hosts);
        self
    }

    /// Sends the requests over another stack than the network. It resolves names itself, so that
    /// the addresses are not checked.
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.stack = Some(Arc::new(stack));
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: IntrospectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Builds the verifier. Nothing is requested before the first token.
    ///
    /// # Errors
    /// If the endpoint must not be used, there are no credentials, the issuer is not a URL without
    /// a fragment, or an audience is empty.
    pub fn build(self) -> Result<IntrospectionVerifier, BuildError> {
        let endpoint = self.endpoint;
        let invalid = |reason: String| BuildError::Invalid {
            kind: "introspection endpoint",
            name: ShownUrl(&endpoint).to_string(),
            reason,
        };
        let credentials = self.credentials.map_err(invalid)?.ok_or_else(|| {
            invalid(
                "the authorization server must know who asks (RFC 7662 §2.1): call \
                 IntrospectionBuilder::client_secret_basic, client_secret_post or private_key_jwt"
                    .to_owned(),
            )
        })?;
        let audience = self.audiences.map_or(Audience::Resource, Audience::AnyOf);
        if let Some(problem) = audience.problem() {
            return Err(invalid(problem.to_owned()));
        }
        let issuer = self.issuer;
        let is_url = issuer.parse().is_ok_and(|url: Uri| url.scheme().is_some());
        if !is_url || issuer.contains('#') {
            return Err(invalid(format!("the issuer {issuer:?} is not a URL without a fragment")));
        }
        const NAMES: SettingNames =
            SettingNames::new("IntrospectionLimits", "IntrospectionBuilder::allow_private_hosts");
        let limits = self.limits.of_requests();
        let url: Option<Uri> = endpoint.parse().ok();
        let guard = Guard::for_configured(&url, self.private_hosts, &limits).with_names(NAMES);
        guard.check(&endpoint).map_err(|error| invalid(error.to_string()))?;
        let fetcher = match self.stack {
            Some(stack) => Fetcher::new(stack, guard, &limits),
            None => Fetcher::over_network(guard, &limits),
        };
        let rules = TokenRules { issuer, audience };
        Ok(IntrospectionVerifier::new(endpoint, fetcher, credentials, rules, self.limits))
    }
}

impl fmt::Debug for IntrospectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionBuilder")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}
