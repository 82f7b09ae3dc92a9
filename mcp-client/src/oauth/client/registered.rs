//! A client that was registered by hand. Spec: basic/authorization, "Preregistration".

use mcp_core::fetch::Secret;
use mcp_core::text::PeerText;

use super::authentication::{Client, ClientAuthentication};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::proof::SigningKey;
use crate::oauth::store::CredentialKey;

/// A client that was registered at an authorization server by hand.
///
/// It belongs to that server: its id and secret go nowhere else. A client with a secret therefore
/// needs its [`issuer`](Self::issuer). One without a secret belongs to the first authorization
/// server that the MCP server names, unless its issuer is set, and the store remembers which.
///
/// ```
/// use mcp_client::oauth::{OAuth, RegisteredClient};
///
/// let client = RegisteredClient::new("notes-desktop").issuer("https://login.example.com");
/// let oauth = OAuth::authorization_code().client(client).build();
/// ```
#[derive(Debug, Clone)]
pub struct RegisteredClient {
    id: String,
    secret: Option<Secret>,
    key: Option<SigningKey>,
    issuer: Option<String>,
    trusts_server: bool,
    method: Option<String>,
}

impl RegisteredClient {
    /// A client by its `client_id`.
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, RegisteredClient};
    ///
    /// // A desktop program: it has no secret, because everybody could read it.
    /// let client = RegisteredClient::new("notes-desktop");
    /// let oauth = OAuth::authorization_code().client(client).build();
    /// ```
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            key: None,
            issuer: None,
            trusts_server: false,
            method: None,
        }
    }

    /// Its secret. The server's metadata says whether it goes into a header field or the form.
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, RegisteredClient, Secret};
    ///
    /// # fn variable(_: &str) -> Result<String, std::env::VarError> { Ok("s3cret".to_owned()) }
    /// let client = RegisteredClient::new("nightly-report")
    ///     .secret(Secret::from(variable("CLIENT_SECRET")?))
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::client_credentials(client).build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// Its key, whose public half the server knows: the client authenticates with a signed
    /// statement (`private_key_jwt`) instead of a secret.
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, RegisteredClient, SigningKey};
    ///
    /// # let pem = SigningKey::generate_with_pem()?.1;
    /// # use mcp_client::oauth::SigningAlgorithm;
    /// let key = SigningKey::from_pem(SigningAlgorithm::Es256, pem.expose())?.with_id("2026-07");
    /// let client = RegisteredClient::new("nightly-report")
    ///     .private_key(key)
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::client_credentials(client).build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn private_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The issuer of its authorization server, exactly as the server's metadata has it.
    ///
    /// ```
    /// use mcp_client::oauth::RegisteredClient;
    ///
    /// // As the metadata of the server has it, with the last slash.
    /// let client = RegisteredClient::new("notes-web").issuer("https://login.example.com/tenant/");
    /// ```
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sends the client's secret to the first authorization server that the MCP server names.
    /// The operator of the MCP server then chooses who gets the secret; prefer
    /// [`issuer`](Self::issuer).
    ///
    /// ```
    /// use mcp_client::oauth::{RegisteredClient, Secret};
    ///
    /// // We operate both servers, and the authorization server changes its issuer at times.
    /// let client = RegisteredClient::new("notes-web")
    ///     .secret(Secret::new("s3cret"))
    ///     .issuer_from_server();
    /// ```
    #[must_use]
    pub fn issuer_from_server(mut self) -> Self {
        self.trusts_server = true;
        self
    }

    /// How it authenticates at the token endpoint, such as `client_secret_post`, if not as the
    /// server's metadata says.
    ///
    /// ```
    /// use mcp_client::oauth::{RegisteredClient, Secret};
    ///
    /// // The server's metadata names `client_secret_basic` too, which it does not understand.
    /// let client = RegisteredClient::new("notes-web")
    ///     .secret(Secret::new("s3cret"))
    ///     .issuer("https://login.example.com")
    ///     .token_endpoint_auth_method("client_secret_post");
    /// ```
    #[must_use]
    pub fn token_endpoint_auth_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The client at the authorization server that was found.
    pub(crate) async fn at(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<Client, Error> {
        if self.secret.is_some() {
            self.check_issuer_is_set("secret")?;
        }
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None => self.bound_issuer(environment, found).await?,
        };
        if issuer != found.issuer() {
            let message = format!(
                "the client {:?} is registered at {:?}, and the MCP server names {:?}",
                self.id,
                PeerText::new(&issuer).to_string(),
                PeerText::new(found.issuer()).to_string()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        self.authenticated(found.server.token_endpoint_auth_methods_supported.as_deref())
    }

    /// The client at the server with an issuer that the application knows, which lists these
    /// authentication methods.
    pub(crate) fn at_issuer(
        &self,
        issuer: &str,
        listed: Option<&[String]>,
    ) -> Result<Client, Error> {
        if let Some(own) = self.issuer.as_ref().filter(|own| *own != issuer) {
            let message = format!(
                "the client {:?} is registered at {own:?}, not at the identity provider {issuer:?}",
                self.id
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        self.authenticated(listed)
    }

    /// Refuses to send something to an authorization server that only the MCP server vouches for.
    pub(crate) fn check_issuer_is_set(&self, what: &str) -> Result<(), Error> {
        if self.issuer.is_some() || self.trusts_server {
            return Ok(());
        }
        let message = format!(
            "the issuer of the client {:?} is not set, so that the MCP server would choose who \
             gets the {what}: set `RegisteredClient::issuer`, or allow it with \
             `RegisteredClient::issuer_from_server`",
            self.id
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn authenticated(&self, listed: Option<&[String]>) -> Result<Client, Error> {
        let authentication = match &self.key {
            Some(key) => ClientAuthentication::PrivateKeyJwt(key.clone()),
            None => {
                ClientAuthentication::choose(self.secret.clone(), self.method.as_deref(), listed)?
            }
        };
        Ok(Client { id: self.id.clone(), authentication })
    }

    /// Which of the authorization servers of a resource it belongs to; the first if its issuer is
    /// not among them.
    pub(crate) fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        let own = issuers.iter().find(|issuer| Some(*issuer) == self.issuer.as_ref());
        own.or_else(|| issuers.first()).map(String::as_str)
    }

    /// The authorization server that was the first one with this client.
    async fn bound_issuer(
        &self,
        environment: &Environment,
        found: &Discovered,
    ) -> Result<String, Error> {
        if let Some(issuer) = environment.bound_issuer.get() {
            return Ok(issuer.clone());
        }
        let key = CredentialKey::issuer_of(&self.id, environment.endpoint().as_str());
        if let Some(issuer) = environment.load(&key).await? {
            return Ok(environment.bound_issuer.get_or_init(|| issuer.expose().to_owned()).clone());
        }
        environment.save(&key, &Secret::new(found.issuer())).await;
        Ok(environment.bound_issuer.get_or_init(|| found.issuer().to_owned()).clone())
    }
}
