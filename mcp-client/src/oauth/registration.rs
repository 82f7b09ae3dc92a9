//! What the client is called at an authorization server. Spec: basic/authorization, "Client Registration Approaches".
//!
//! ```text
//! registered beforehand ─▶ its id, at that one server alone
//! else the server knows metadata documents ─▶ the URL of the client's
//! else the server has a registration endpoint ─▶ registers (RFC 7591), once, and keeps what it got
//! ```

use http::HeaderMap;
use http::StatusCode;
use mcp_core::oauth::ClientMetadata;
use serde::{Deserialize, Serialize};

use super::client_authentication::{Client, ClientAuthentication};
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::{Error, ErrorKind, printable};
use super::jws::SigningKey;
use super::secret::Secret;
use super::store::CredentialKey;
use super::token_endpoint::refusal;

/// A client that was registered at an authorization server beforehand, by hand.
///
/// It belongs to that server: its id and secret go nowhere else. Without [`RegisteredClient::issuer`] it belongs to
/// the first one that the MCP server names, and is bound to it in the store.
///
/// ```
/// use mcp_client::oauth::{OAuth, RegisteredClient};
///
/// let client = RegisteredClient::new("notes-desktop").issuer("https://login.example.com");
/// let oauth = OAuth::authorization_code().client(client).build();
/// ```
#[derive(Debug, Clone)]
pub struct RegisteredClient {
    pub(crate) id: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) key: Option<SigningKey>,
    pub(crate) issuer: Option<String>,
    pub(crate) method: Option<String>,
}

impl RegisteredClient {
    /// A client by its `client_id`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), secret: None, key: None, issuer: None, method: None }
    }

    /// Its secret. The server's metadata says whether it goes into the header field or the form.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// Its key, whose public half the server knows: the client proves itself with a signed statement
    /// (`private_key_jwt`) in place of a secret.
    #[must_use]
    pub fn private_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The issuer of the authorization server that knows it, exactly as the server's metadata has it.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// How it authenticates at the token endpoint, such as `client_secret_post`, if it is not what the metadata says.
    #[must_use]
    pub fn token_endpoint_auth_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The client, if the authorization server is the one that it belongs to.
    pub(crate) async fn at(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Client, Error> {
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None => self.bound_issuer(environment, found).await?,
        };
        if issuer != found.issuer() {
            let message = format!(
                "the client {:?} is registered at {:?}, but the MCP server names {:?}, where it is not",
                printable(&self.id),
                printable(&issuer),
                printable(found.issuer())
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let listed = found.server.token_endpoint_auth_methods_supported.as_deref();
        self.authenticated(listed)
    }

    /// The client, with the way to authenticate at a server that lists these ways.
    pub(crate) fn authenticated(&self, listed: Option<&[String]>) -> Result<Client, Error> {
        let authentication = match &self.key {
            Some(key) => ClientAuthentication::PrivateKeyJwt(key.clone()),
            None => {
                ClientAuthentication::choose(self.secret.clone(), self.method.as_deref(), listed)?
            }
        };
        Ok(Client { id: self.id.clone(), authentication })
    }

    /// Which of the authorization servers of a resource it belongs to: the first, if the host has not said.
    pub(crate) fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        let ours = issuers.iter().find(|issuer| Some(*issuer) == self.issuer.as_ref());
        ours.or_else(|| issuers.first()).map(String::as_str)
    }

    /// The authorization server that was the first to see this client.
    async fn bound_issuer(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<String, Error> {
        if let Some(issuer) = environment.bound_issuer.get() {
            return Ok(issuer.clone());
        }
        let key = CredentialKey::issuer_of(&self.id, environment.endpoint.as_str());
        if let Some(issuer) = environment.load(&key).await? {
            return Ok(environment.bound_issuer.get_or_init(|| issuer.expose().to_owned()).clone());
        }
        if self.secret.is_some() {
            let issuer = found.issuer();
            tracing::warn!(
                client = self.id,
                issuer,
                "the client's secret is bound to the server that was named first; say its issuer"
            );
        }
        environment.save(&key, &Secret::new(found.issuer())).await;
        Ok(environment.bound_issuer.get_or_init(|| found.issuer().to_owned()).clone())
    }
}

/// How a client gets its name.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// Registered beforehand.
    pub(crate) client: Option<RegisteredClient>,
    /// Where the client's metadata document is.
    pub(crate) document: Option<String>,
    /// The key that the document names, if it does.
    pub(crate) document_key: Option<SigningKey>,
    /// What is said in a dynamic registration; the redirect URI is added.
    pub(crate) metadata: ClientMetadata,
}

impl Registration {
    /// The client, when it is known without asking anybody: the one to which tokens in the store were issued.
    pub(crate) async fn known(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Option<Client>, Error> {
        if let Some(client) = self.fixed(environment, found).await? {
            return Ok(Some(client));
        }
        Ok(Registered::load(environment, &Self::key(environment, found))
            .await?
            .map(|kept| kept.client))
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
        let kept =
            Registered::load(environment, &CredentialKey::registration(found.issuer())).await?;
        Ok(kept.map(|kept| kept.redirect_uri))
    }

    /// The client for a log-in: one is registered if need be.
    pub(crate) async fn client(
        &self,
        environment: &Environment,
        found: &Discovered,
        redirect_uri: &str,
    ) -> Result<Client, Error> {
        if let Some(client) = self.fixed(environment, found).await? {
            return Ok(client);
        }
        // One registration serves all MCP servers of an authorization server; the tokens of this one belong to it.
        let shared = CredentialKey::registration(found.issuer());
        let kept = Registered::load(environment, &shared).await?;
        let registered = match kept.filter(|kept| kept.redirect_uri == redirect_uri) {
            Some(kept) => kept,
            None => {
                let registered = self.register(environment, found, redirect_uri).await?;
                environment.save(&shared, &registered.to_json()).await;
                registered
            }
        };
        environment.save(&Self::key(environment, found), &registered.to_json()).await;
        Ok(registered.client)
    }

    /// The authorization server does not know the client any more. Whether another one can be registered.
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

    /// The client that needs no registration.
    async fn fixed(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Option<Client>, Error> {
        if let Some(client) = &self.client {
            return client.at(environment, found).await.map(Some);
        }
        let takes_documents = found.server.client_id_metadata_document_supported == Some(true);
        let Some(url) = self.document.as_ref().filter(|_| takes_documents) else { return Ok(None) };
        if !is_document_url(url) {
            let message = format!(
                "{url:?} can be no client id: the URL of a metadata document begins with https:// and has a path"
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let key = self.document_key.clone();
        let authentication =
            key.map_or(ClientAuthentication::None, ClientAuthentication::PrivateKeyJwt);
        Ok(Some(Client { id: url.clone(), authentication }))
    }

    fn key(environment: &Environment, found: &Discovered) -> CredentialKey {
        CredentialKey::registration_for(found.issuer(), environment.endpoint.as_str())
    }

    async fn register(
        &self,
        environment: &Environment,
        found: &Discovered,
        redirect_uri: &str,
    ) -> Result<Registered, Error> {
        let Some(url) = &found.server.registration_endpoint else {
            let message = format!(
                "{} knows neither metadata documents of clients (or none was given) nor registration: register the \
                 client there by hand and give its id to the authorizer",
                found.issuer()
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
            Error::new(ErrorKind::Configuration, "the client's metadata cannot be written")
                .because(error)
        })?;
        tracing::debug!(issuer = found.issuer(), "registering the client");
        let answer =
            environment.fetch.post(url, HeaderMap::new(), "application/json", body).await?;
        if found.assumed
            && matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        {
            let message = format!(
                "{} wants a token and says nothing of where it is to be had: it has no metadata, and no {url}",
                environment.endpoint
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        if !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(refusal(url, answer.status, &answer.body));
        }
        // What cannot be read may hold a secret all the same: the error shows none of it.
        let response: RegistrationResponse =
            serde_json::from_slice(&answer.body).map_err(|_| {
                let message = format!(
                    "the answer of {} is no registration (RFC 7591 §3.2.1)",
                    printable(url)
                );
                Error::new(ErrorKind::InvalidMetadata, message)
            })?;
        Registered::new(response, redirect_uri, listed)
    }
}

/// Whether a URL can be that of a client's metadata document.
fn is_document_url(url: &str) -> bool {
    let has_path = |uri: http::Uri| uri.scheme_str() == Some("https") && uri.path().len() > 1;
    !url.contains(['#', '@']) && url.parse().is_ok_and(has_path)
}

/// Programs on the user's machine are `native`, those to which the browser comes back over the network are `web`.
fn application_type(redirect_uri: &str) -> &'static str {
    let is_web = redirect_uri.parse().is_ok_and(|uri: http::Uri| {
        uri.scheme_str() == Some("https")
            && !matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
    });
    if is_web { "web" } else { "native" }
}

/// How the client would like to authenticate: it is public, where the server takes that.
fn auth_method(listed: Option<&[String]>) -> &'static str {
    let Some(listed) = listed else { return "none" };
    let known = ["none", "client_secret_basic", "client_secret_post"];
    known.into_iter().find(|method| listed.iter().any(|listed| listed == method)).unwrap_or("none")
}

/// A dynamic registration.
struct Registered {
    client: Client,
    redirect_uri: String,
    /// When the secret ends, in seconds since 1970; never if 0.
    ends: u64,
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
struct KeptRegistration {
    client_id: String,
    client_secret: Option<String>,
    token_endpoint_auth_method: String,
    redirect_uri: String,
    ends: u64,
}

impl Registered {
    fn new(
        response: RegistrationResponse,
        redirect_uri: &str,
        listed: Option<&[String]>,
    ) -> Result<Self, Error> {
        let secret = response.client_secret.filter(|secret| !secret.is_empty()).map(Secret::from);
        // Some servers assign a method that needs a secret, and give none: such a client is public.
        let assigned = response.token_endpoint_auth_method.as_deref();
        let assigned =
            assigned.filter(|method| secret.is_some() || !method.starts_with("client_secret_"));
        let authentication = ClientAuthentication::choose(secret, assigned, listed)?;
        Ok(Self {
            client: Client { id: response.client_id, authentication },
            redirect_uri: redirect_uri.to_owned(),
            ends: response.client_secret_expires_at.unwrap_or(0),
        })
    }

    async fn load(environment: &Environment, key: &CredentialKey) -> Result<Option<Self>, Error> {
        let Some(json) = environment.load(key).await? else { return Ok(None) };
        let Ok(kept) = serde_json::from_str::<KeptRegistration>(json.expose()) else {
            return Ok(None);
        };
        let secret = kept.client_secret.map(Secret::from);
        let authentication =
            ClientAuthentication::choose(secret, Some(&kept.token_endpoint_auth_method), None)?;
        let registered = Self {
            client: Client { id: kept.client_id, authentication },
            redirect_uri: kept.redirect_uri,
            ends: kept.ends,
        };
        Ok(Some(registered).filter(|it| it.ends == 0 || it.ends > environment.unix_now()))
    }

    fn to_json(&self) -> Secret {
        let (method, secret) = self.client.authentication.parts();
        let kept = KeptRegistration {
            client_id: self.client.id.clone(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            token_endpoint_auth_method: method.to_owned(),
            redirect_uri: self.redirect_uri.clone(),
            ends: self.ends,
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }
}
