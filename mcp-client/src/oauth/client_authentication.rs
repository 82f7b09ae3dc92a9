//! How a client proves to a token endpoint who it is. Spec: OAuth 2.1 §2.4; RFC 6749 §2.3.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::client_assertion::{JWT_BEARER, client_assertion};
use super::error::{Error, ErrorKind};
use super::form::{Form, encode};
use super::jws::SigningKey;
use super::secret::Secret;
use super::token_endpoint::TokenEndpoint;

/// A client, as one authorization server knows it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Its `client_id` there.
    pub(crate) id: String,
    /// How it authenticates.
    pub(crate) authentication: ClientAuthentication,
}

/// How a client authenticates at the token endpoint.
#[derive(Debug, Clone)]
pub(crate) enum ClientAuthentication {
    /// Not at all (`none`): a public client, whose `client_id` is in the form.
    None,
    /// By the header field `Authorization: Basic` (`client_secret_basic`).
    SecretBasic(Secret),
    /// By a field of the form (`client_secret_post`).
    SecretPost(Secret),
    /// By a statement that its key signed (`private_key_jwt`).
    PrivateKeyJwt(SigningKey),
}

impl Client {
    /// Puts the client's proof on a token request. Called anew each time that the request is sent.
    pub(crate) fn authenticate(
        &self,
        endpoint: TokenEndpoint<'_>,
        headers: &mut HeaderMap,
        form: &mut Form,
    ) -> Result<(), Error> {
        match &self.authentication {
            ClientAuthentication::None => form.push("client_id", &self.id),
            ClientAuthentication::SecretPost(secret) => {
                form.push("client_id", &self.id);
                form.push("client_secret", secret.expose());
            }
            ClientAuthentication::SecretBasic(secret) => {
                // Both are encoded as in a form first, so that a colon in the id is none.
                let pair = format!("{}:{}", encode(&self.id), encode(secret.expose()));
                let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
                    .map_err(|error| {
                    Error::new(ErrorKind::Configuration, "bad client secret").because(error)
                })?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
            // The statement names the client, so the form does not.
            ClientAuthentication::PrivateKeyJwt(key) => {
                form.push("client_assertion_type", JWT_BEARER);
                form.push("client_assertion", &client_assertion(key, &self.id, endpoint.issuer)?);
            }
        }
        Ok(())
    }
}

impl ClientAuthentication {
    /// The method's name, and the secret.
    pub(crate) fn parts(&self) -> (&'static str, Option<&Secret>) {
        match self {
            Self::None => ("none", None),
            Self::SecretBasic(secret) => ("client_secret_basic", Some(secret)),
            Self::SecretPost(secret) => ("client_secret_post", Some(secret)),
            Self::PrivateKeyJwt(_) => ("private_key_jwt", None),
        }
    }

    /// What a client with this secret does at a server that lists these methods: RFC 8414 says that no list means
    /// `client_secret_basic`.
    pub(crate) fn choose(
        secret: Option<Secret>,
        assigned: Option<&str>,
        listed: Option<&[String]>,
    ) -> Result<Self, Error> {
        let unknown = |method: &str| {
            let message = format!(
                "the authorization server wants the client to authenticate by {method:?}, which this client cannot"
            );
            Err(Error::new(ErrorKind::Configuration, message))
        };
        let Some(secret) = secret else {
            return match assigned {
                None | Some("none") => Ok(Self::None),
                Some(method) => unknown(&super::error::printable(method)),
            };
        };
        match assigned {
            Some("client_secret_basic") => Ok(Self::SecretBasic(secret)),
            Some("client_secret_post") => Ok(Self::SecretPost(secret)),
            Some("none") => Ok(Self::None),
            Some(method) => unknown(&super::error::printable(method)),
            None => match listed {
                None => Ok(Self::SecretBasic(secret)),
                Some(listed) => {
                    let lists = |method| listed.iter().any(|listed| listed == method);
                    if !lists("client_secret_basic") && lists("client_secret_post") {
                        Ok(Self::SecretPost(secret))
                    } else {
                        Ok(Self::SecretBasic(secret))
                    }
                }
            },
        }
    }
}
