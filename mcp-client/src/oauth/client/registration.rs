//! The client of a flow in which a user logs in. Spec: basic/authorization, "Client Registration
//! Approaches".
//!
//! ```text
//! registered by hand ─▶ its id, at that one server
//! else the server supports metadata documents ─▶ the URL of the client's document
//! else the server has a registration endpoint ─▶ registers once (RFC 7591), and keeps the result
//! ```

use http::{HeaderMap, StatusCode};
use mcp_core::fetch::Secret;
use mcp_core::oauth::ClientMetadata;
use serde::{Deserialize, Serialize};

use super::authentication::{Client, ClientAuthentication};
use super::registered::RegisteredClient;
use crate::http::{ShownUrl, is_loopback};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::refusal;
use crate::oauth::proof::SigningKey;
use crate::oauth::store::CredentialKey;

/// What the application says about the client.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// The client that was registered by hand.
    pub(crate) client: Option<RegisteredClient>,
    /// The URL of the client's metadata document.
    pub(crate) document: Option<String>,
    /// The key that the document names, if it does.
    pub(crate) document_key: Option<SigningKey>,
    /// The metadata for a dynamic registration; the redirect URI is added.
    pub(crate) metadata: ClientMetadata,
}

/// A client that another program has registered.
pub(crate) struct AdoptedClient {
    pub(crate) id: String,
    pub(crate) secret: Option<Secret>,
}

impl Registration {
    /// The client, when it is known without a new registration: the one to which tokens in the
    /// store were issued.
    pub(crate) async fn known(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Option<Client>, Error> {
        if let Some(client) = self.fixed(environment, found).await? {
            return Ok(Some(client));
        }
        let stored = DynamicClient::load(environment, &Self::key(environment, found)).await?;
        Ok(stored.map(|stored| stored.client))
    }

    /// The redirect URI that was registered dynamically before.
    pub(crate) async fn redirect_uri(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Option<String>, Error> {
        if self.fixed(environment, found).await?.is_some() {
            return Ok(None);
        }
        let shared = CredentialKey::registration(found.issuer());
        let stored = DynamicClient::load(environment, &shared).await?;
        Ok(stored.map(|stored| stored.redirect_uri))
    }

    /// The client for a log-in, which is registered if need be.
    pub(crate) async fn client(
        &self,
        environment: &Environment,
        found: &Discovered,
        redirect_uri: &str,
    ) -> Result<Client, Error> {
        if let Some(client) = self.fixed(environment, found).await? {
            return Ok(client);
        }
        // One registration serves all MCP servers of an authorization server. The second copy says
        // which registration the tokens of this MCP server belong to.
        let shared = CredentialKey::registration(found.issuer());
        let stored = DynamicClient::load(environment, &shared).await?;
        let registered = match stored.filter(|stored| stored.redirect_uri == redirect_uri) {
            Some(stored) => stored,
            None => {
                let registered = self.register(environment, found, redirect_uri).await?;
                environment.save(&shared, &registered.to_json()).await;
                registered
            }
        };
        environment.save(&Self::key(environment, found), &registered.to_json()).await;
        Ok(registered.client)
    }

    /// Forgets a client that the authorization server does not accept any more. Whether another one
    /// can be registered.
    pub(crate) async fn forget(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<bool, Error> {
        if self.fixed(environment, found).await?.is_some() {
            return Ok(false);
        }
        environment.remove(&CredentialKey::registration(found.issuer())).await;
        environment.remove(&Self::key(environment, found)).await;
        Ok(true)
    }

    /// Forgets the registration that the next log-in would use. That of tokens in the store stays.
    pub(crate) async fn forget_shared(&self, environment: &Environment, found: &Discovered) {
        environment.remove(&CredentialKey::registration(found.issuer())).await;
    }

    /// Whether there is a client at an authorization server, or one can be registered there.
    pub(crate) fn can_register(&self, found: &Discovered) -> bool {
        !self.is_dynamic(found) || found.server.registration_endpoint.is_some()
    }

    /// Whether the client has no id there until it is registered dynamically.
    pub(crate) fn is_dynamic(&self, found: &Discovered) -> bool {
        self.client.is_none() && self.document_at(found).is_none()
    }

    /// The URL of the client's metadata document, where the authorization server supports that.
    fn document_at(&self, found: &Discovered) -> Option<&String> {
        let is_supported = found.server.client_id_metadata_document_supported == Some(true);
        self.document.as_ref().filter(|_| is_supported)
    }

    /// Takes over a client that another program has registered, for the tokens of this MCP server.
    pub(crate) async fn adopt(
        &self,
        environment: &Environment,
        found: &Discovered,
        adopted: AdoptedClient,
    ) -> Result<Client, Error> {
        if let Some(client) = self.fixed(environment, found).await? {
            let message = format!(
                "the tokens were issued to the client {:?}, and the authorizer has the client \
                 {:?}: import them into one without a client of its own",
                adopted.id, client.id
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let listed = found.server.token_endpoint_auth_methods_supported.as_deref();
        let authentication = ClientAuthentication::choose(adopted.secret, None, listed)?;
        let client = Client { id: adopted.id, authentication };
        // No redirect URI is known, so a log-in does not use it: it registers a client.
        let adopted = DynamicClient { client, redirect_uri: String::new(), expires: 0 };
        environment.save(&Self::key(environment, found), &adopted.to_json()).await;
        Ok(adopted.client)
    }

    /// The client that needs no registration.
    async fn fixed(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Option<Client>, Error> {
        if let Some(client) = &self.client {
            return client.at(environment, found).await.map(Some);
        }
        let Some(url) = self.document_at(found) else { return Ok(None) };
        if !is_document_url(url) {
            let message = format!(
                "{url:?} cannot be a client id: the URL of a metadata document begins with \
                 https:// and has a path"
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let key = self.document_key.clone();
        let authentication =
            key.map_or(ClientAuthentication::None, ClientAuthentication::PrivateKeyJwt);
        Ok(Some(Client { id: url.clone(), authentication }))
    }

    fn key(environment: &Environment, found: &Discovered) -> CredentialKey {
        let endpoint = environment.endpoint().as_str();
        CredentialKey::registration_for(found.issuer(), endpoint, environment.principal.as_deref())
    }

    async fn register(
        &self,
        environment: &Environment,
        found: &Discovered,
        redirect_uri: &str,
    ) -> Result<DynamicClient, Error> {
        let issuer = ShownUrl(found.issuer());
        let Some(url) = &found.server.registration_endpoint else {
            let message = format!(
                "{issuer} supports no dynamic registration, and the client has no metadata \
                 document that it supports: register the client there, and give its id to \
                 `OAuthBuilder::client`"
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        };
        let listed = found.server.token_endpoint_auth_methods_supported.as_deref();
        let metadata = self
            .metadata
            .clone()
            .redirect_uris([redirect_uri.to_owned()])
            .application_type(application_type(redirect_uri))
            .token_endpoint_auth_method(auth_method(listed));
        let body = serde_json::to_vec(&metadata).map_err(|error| {
            let message = "the client's metadata cannot be written as JSON";
            Error::new(ErrorKind::Configuration, message).with_source(error)
        })?;
        tracing::debug!(issuer = found.issuer(), "registering the client");
        let answer =
            environment.fetcher.post(url, HeaderMap::new(), "application/json", body).await?;
        if found.is_assumed
            && matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        {
            let message = format!(
                "{} wants a token and names no authorization server: it has neither metadata nor {}",
                environment.endpoint(),
                ShownUrl(url)
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        if !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(refusal(&answer, url));
        }
        // A response that cannot be read may hold a secret: the error shows none of it.
        let response: RegistrationResponse =
            serde_json::from_slice(&answer.body).map_err(|_| {
                let url = ShownUrl(url);
                let message = format!("the response of {url} is not a registration (RFC 7591)");
                Error::new(ErrorKind::InvalidMetadata, message)
            })?;
        DynamicClient::new(response, redirect_uri, listed)
    }
}

/// Whether a URL can be that of a client's metadata document.
fn is_document_url(url: &str) -> bool {
    let has_path = |uri: http::Uri| uri.scheme_str() == Some("https") && uri.path().len() > 1;
    !url.contains(['#', '@']) && url.parse().is_ok_and(has_path)
}

/// Programs on the user's machine are `native`; those to which the browser returns over the network
/// are `web`.
fn application_type(redirect_uri: &str) -> &'static str {
    let is_web = redirect_uri
        .parse()
        .is_ok_and(|uri: http::Uri| uri.scheme_str() == Some("https") && !is_loopback(&uri));
    if is_web { "web" } else { "native" }
}

/// How the client prefers to authenticate: as a public client, where the server supports that.
fn auth_method(listed: Option<&[String]>) -> &'static str {
    let Some(listed) = listed else { return "none" };
    let known = ["none", "client_secret_basic", "client_secret_post"];
    known.into_iter().find(|method| listed.iter().any(|listed| listed == method)).unwrap_or("none")
}

/// A client that was registered dynamically.
struct DynamicClient {
    client: Client,
    redirect_uri: String,
    /// When the secret expires, in seconds since 1970; never if 0.
    expires: u64,
}

#[derive(Deserialize)]
struct RegistrationResponse {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    client_secret_expires_at: Option<u64>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredClient {
    client_id: String,
    client_secret: Option<String>,
    token_endpoint_auth_method: String,
    redirect_uri: String,
    expires: u64,
}

impl DynamicClient {
    fn new(
        response: RegistrationResponse,
        redirect_uri: &str,
        listed: Option<&[String]>,
    ) -> Result<Self, Error> {
        let secret = response.client_secret.filter(|secret| !secret.is_empty()).map(Secret::from);
        // Some servers assign a method that needs a secret, and no secret: the client is public.
        let assigned = response.token_endpoint_auth_method.as_deref();
        let assigned =
            assigned.filter(|method| secret.is_some() || !method.starts_with("client_secret_"));
        let authentication = ClientAuthentication::choose(secret, assigned, listed)?;
        Ok(Self {
            client: Client { id: response.client_id, authentication },
            redirect_uri: redirect_uri.to_owned(),
            expires: response.client_secret_expires_at.unwrap_or(0),
        })
    }

    async fn load(environment: &Environment, key: &CredentialKey) -> Result<Option<Self>, Error> {
        let Some(json) = environment.load(key).await? else { return Ok(None) };
        let Ok(stored) = serde_json::from_str::<StoredClient>(json.expose()) else {
            return Ok(None);
        };
        let secret = stored.client_secret.map(Secret::from);
        let authentication =
            ClientAuthentication::choose(secret, Some(&stored.token_endpoint_auth_method), None)?;
        let registered = Self {
            client: Client { id: stored.client_id, authentication },
            redirect_uri: stored.redirect_uri,
            expires: stored.expires,
        };
        Ok(Some(registered).filter(|it| it.expires == 0 || it.expires > environment.unix_now()))
    }

    fn to_json(&self) -> Secret {
        let (method, secret) = self.client.authentication.parts();
        let stored = StoredClient {
            client_id: self.client.id.clone(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            token_endpoint_auth_method: method.to_owned(),
            redirect_uri: self.redirect_uri.clone(),
            expires: self.expires,
        };
        Secret::new(serde_json::to_string(&stored).unwrap_or_default())
    }
}
