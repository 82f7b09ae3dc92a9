//! How a client authenticates at a token endpoint. Spec: OAuth 2.1 §2.4; RFC 6749 §2.3.1.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use mcp_core::fetch::Secret;
use mcp_core::fetch::{Form, JWT_BEARER, basic_credentials};
use mcp_core::text::PeerText;

use crate::oauth::discovery::TokenEndpoint;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::proof::SigningKey;

/// A client, as one authorization server knows it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Its `client_id` there.
    pub(crate) id: String,
    pub(crate) authentication: ClientAuthentication,
}

/// How a client authenticates at the token endpoint.
#[derive(Debug, Clone)]
pub(crate) enum ClientAuthentication {
    /// Not at all (`none`): a public client, whose `client_id` is in the form.
    None,
    /// With the header field `Authorization: Basic` (`client_secret_basic`).
    SecretBasic(Secret),
    /// With a field of the form (`client_secret_post`).
    SecretPost(Secret),
    /// With a statement that its key signed (`private_key_jwt`).
    PrivateKeyJwt(SigningKey),
}

impl Client {
    /// A client without a secret.
    pub(crate) fn public(id: String) -> Self {
        Self { id, authentication: ClientAuthentication::None }
    }

    /// Adds the client's authentication to a token request. Called each time that one is sent.
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
                let value = basic_credentials(&self.id, secret).map_err(|error| {
                    let message = "the client secret does not fit into a header field";
                    Error::new(ErrorKind::Configuration, message).with_source(error)
                })?;
                headers.insert(AUTHORIZATION, value);
            }
            // The statement names the client, so the form does not.
            ClientAuthentication::PrivateKeyJwt(key) => {
                form.push("client_assertion_type", JWT_BEARER);
                form.push("client_assertion", &key.client_assertion(&self.id, endpoint.issuer)?);
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

    /// The method of a client with this secret: the `assigned` one, or else one that the server
    /// lists. Without a list a server supports `client_secret_basic` (RFC 8414).
    pub(crate) fn choose(
        secret: Option<Secret>,
        assigned: Option<&str>,
        listed: Option<&[String]>,
    ) -> Result<Self, Error> {
        let unsupported = |method: &str| {
            let message = format!(
                "the authorization server assigns the authentication method {:?}, which is not \
                 supported here",
                PeerText::new(method).to_string()
            );
            Err(Error::new(ErrorKind::Configuration, message))
        };
        let Some(secret) = secret else {
            return match assigned {
                None | Some("none") => Ok(Self::None),
                Some(method) => unsupported(method),
            };
        };
        match assigned {
            Some("client_secret_basic") => Ok(Self::SecretBasic(secret)),
            Some("client_secret_post") => Ok(Self::SecretPost(secret)),
            Some("none") => Ok(Self::None),
            Some(method) => unsupported(method),
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
